"""The shop, started with the command line as a newcomer would."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import pytest
from playwright.sync_api import Browser, sync_playwright

from airside.cli.connection import is_alive

ROOT = Path(__file__).parent.parent.parent
SHOP = ROOT / "examples" / "shop"


def airside(
    *arguments: str, home: Path, check: bool = True, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run the command line with a home folder of the test's own."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    environment |= {"HOME": str(home), "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "120"}
    done = subprocess.run(
        [sys.executable, "-m", "airside", *arguments],
        capture_output=True, text=True, env=environment, timeout=timeout, check=False,
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stderr + done.stdout
    return done


@dataclass
class Shop:
    """A deployed shop and ways to use it."""

    home: Path
    data_dir: Path
    state: dict[str, Any]

    @property
    def site(self) -> str:
        return str(self.state["sites"]["shop"])

    @property
    def outputs(self) -> dict[str, str]:
        return dict(self.state["stacks"]["shop"]["outputs"])

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return airside(*arguments, "--data-dir", str(self.data_dir), home=self.home, check=check)

    def client(self, service: str) -> Any:
        keys = self.state["credentials"]
        return boto3.session.Session().client(
            service, endpoint_url=self.state["endpoint"], region_name="us-east-1",
            aws_access_key_id=keys["access_key_id"],
            aws_secret_access_key=keys["secret_access_key"],
            config=botocore.config.Config(retries={"max_attempts": 0}),
        )  # fmt: skip

    def call(
        self, method: str, path: str, body: Any = None, token: str | None = None
    ) -> tuple[int, Any]:
        """Call the shop's API through the site's address."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.site.rstrip("/") + path, data=data, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def sign_up(self, email: str) -> str:
        status, answer = self.call(
            "POST", "/api/signup", {"email": email, "password": "pa55 words!"}
        )
        assert status in {200, 201}, answer
        return str(answer["token"])

    def order(self, token: str, product_id: str, client_token: str) -> str:
        """Put one product in the cart and place the order; its id."""
        status, answer = self.call(
            "POST", "/api/cart", {"product_id": product_id, "quantity": 1}, token
        )
        assert status in {200, 201}, answer
        status, answer = self.call("POST", "/api/orders", {"client_token": client_token}, token)
        assert status == 202, answer
        return str(answer["order_id"])

    def products(self) -> dict[str, Any]:
        status, answer = self.call("GET", "/api/products")
        assert status == 200, answer
        return {product["id"]: product for product in answer["products"]}

    def kill(self) -> None:
        """kill -9 of the server."""
        os.kill(self.state["pid"], signal.SIGKILL)
        eventually(lambda: not is_alive(self.state["pid"]))

    def up(self, *more: str, folder: Path = SHOP) -> None:
        """`airside up --detach`, on the same data folder and ports."""
        done = airside(
            "up", str(folder), "--detach", "--json", "--port", "0", "--site-port", "0",
            "--data-dir", str(self.data_dir), *more, home=self.home,
        )  # fmt: skip
        (line,) = done.stdout.splitlines()
        self.state = json.loads(line)


def eventually(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait until `condition` gives something true; that. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"did not happen within {seconds} s")


@pytest.fixture
def new_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """Start shops; ended with the test."""
    shops: list[Shop] = []

    def begin(**environment: str) -> Shop:
        os.environ.update(environment)
        try:
            shop = Shop(tmp_path / "home", tmp_path / "data", {})
            shops.append(shop)
            shop.up()
        finally:
            for name in environment:
                del os.environ[name]
        return shop

    yield begin
    for shop in shops:
        shop.run("down", check=False)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One shop for the tests of a module."""
    folder = tmp_path_factory.mktemp("shop")
    one = Shop(folder / "home", folder / "data", {})
    one.up()
    yield one
    one.run("down", check=False)
    log = (one.data_dir / "server.log").read_text()
    assert "Traceback" not in log, log[-6000:]


CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
PICTURES = os.environ.get("AIRSIDE_PICTURES")
"""A folder to leave screenshots in, for people to look at."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "the browser tests need Chromium: sh scripts/test-tools.sh"
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield one
        one.close()


def picture(page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)
