"""Run inside a network namespace that has nothing but loopback: a whole order, start to end."""

import tempfile
from pathlib import Path

from tests.scenarios.conftest import Shop, eventually


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    shop = Shop(folder / "home", folder / "data", {})
    shop.up()
    try:
        token = shop.sign_up("offline@example.com")
        product = max(shop.products().values(), key=lambda one: one["stock"])
        order_id = shop.order(token, product["id"], "offline")
        eventually(
            lambda: (
                shop.call("GET", f"/api/orders/{order_id}", None, token)[1]["status"] == "confirmed"
            )
        )
        print("confirmed")
    finally:
        shop.run("down", check=False)


if __name__ == "__main__":
    main()
