"""The dated price book: what AWS asks for one unit of each usage type. Pure."""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

import msgspec

GIB = 1 << 30
_BYTES_TO_GB = frozenset({"DataTransfer-Out-Bytes", "DataProcessing-Bytes"})


class Price(msgspec.Struct, frozen=True):
    """One line of the price book. Quantities in `unit`, per month and account."""

    service: str
    usage_type: str
    name: str
    unit: str
    per: float
    """How many units the price is for."""
    tiers: tuple[tuple[float | None, float], ...]
    """(quantity up to which it holds, or None; price of `per` units)."""
    source: str
    valid_from: str
    free_per_month: float = 0.0
    note: str = ""

    def units(self, quantity: float) -> float:
        """What the meter counted, in the unit that is priced (bytes become GB)."""
        return quantity / GIB if self.usage_type in _BYTES_TO_GB else quantity

    def cost(self, units: float, *, free_tier: bool) -> float:
        """US dollars for a month's `units`, tier by tier."""
        left = max(0.0, units - self.free_per_month) if free_tier else units
        total, below = 0.0, 0.0
        for up_to, price in self.tiers:
            width = left if up_to is None else min(left, up_to - below)
            total += width * price / self.per
            left -= width
            if left <= 0:
                break
            below = up_to or below
        return total


class PriceBook(msgspec.Struct, frozen=True):
    """All prices, with the day on which they were gathered."""

    dated: str
    region: str
    currency: str
    prices: tuple[Price, ...]

    def find(self, service: str, usage_type: str) -> Price | None:
        """The price of a usage type, or None for usage that costs nothing."""
        return self._index().get((service, usage_type))

    def _index(self) -> Mapping[tuple[str, str], Price]:
        return _index(self)


@lru_cache(maxsize=8)
def _index(book: PriceBook) -> Mapping[tuple[str, str], Price]:
    return {(price.service, price.usage_type): price for price in book.prices}


@lru_cache(maxsize=1)
def price_book() -> PriceBook:
    """The price book that ships with Airside."""
    text = resources.files("airside.metering").joinpath("prices.json").read_text()
    return msgspec.convert(json.loads(text), PriceBook)
