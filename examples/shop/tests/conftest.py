"""The functions' folder on the path, as it is in Lambda, and a shop to test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "functions")]

from storefront import Shop, opened  # noqa: E402


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop with stocked shelves and no customers."""
    with opened() as shop:
        shop.call("list_products")
        yield shop
