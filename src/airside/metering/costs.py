"""From usage totals to a bill. Pure.

Tiers and free allowances apply to the month's sum of a usage type in an account, as on AWS; a
group's share of that cost is its share of the quantity.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from airside.metering.meter import CALLS, UsageKey
from airside.metering.pricebook import Price, PriceBook

Totals = Iterable[tuple[UsageKey, float]]


class Line(NamedTuple):
    """One line of the bill: what a group used of one usage type and what it costs in dollars."""

    service: str
    usage_type: str
    group: str
    name: str
    unit: str
    quantity: float
    cost: float
    """Without any free tier."""
    cost_after_free_tier: float


def bill(totals: Totals, book: PriceBook, group: Callable[[UsageKey], str]) -> list[Line]:
    """Lines for one month's totals, by service, usage type and group, in that order."""
    sums: dict[tuple[str, str], float] = defaultdict(float)
    groups: dict[tuple[str, str, str], float] = defaultdict(float)
    for key, quantity in totals:
        if key.usage_type == CALLS:
            continue
        sums[key.service, key.usage_type] += quantity
        groups[key.service, key.usage_type, group(key)] += quantity
    lines = []
    for (service, usage_type, name), quantity in sorted(groups.items()):
        price = book.find(service, usage_type)
        if price is None:
            lines.append(Line(service, usage_type, name, usage_type, "", quantity, 0.0, 0.0))
            continue
        lines.append(_line(price, name, quantity, sums[service, usage_type]))
    return lines


def _line(price: Price, group: str, quantity: float, total: float) -> Line:
    units = price.units(total)
    share = quantity / total if total else 0.0
    return Line(
        price.service, price.usage_type, group, price.name, price.unit, price.units(quantity),
        share * price.cost(units, free_tier=False), share * price.cost(units, free_tier=True),
    )  # fmt: skip


def calls(totals: Totals) -> dict[tuple[str, str], int]:
    """How often each operation of each service was called."""
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for key, quantity in totals:
        if key.usage_type == CALLS:
            counted[key.service, key.operation] += round(quantity)
    return dict(counted)
