"""From totals to dollars, by AWS's own arithmetic."""

import pytest

from airside.metering.costs import bill, calls
from airside.metering.meter import CALLS, UsageKey
from airside.metering.pricebook import price_book

BOOK = price_book()


def key(service: str, usage_type: str, resource: str = "", operation: str = "Op") -> UsageKey:
    return UsageKey(3600, "0", service, usage_type, operation, resource, "me")


@pytest.mark.parametrize(
    ("service", "usage_type", "quantity", "dollars"),
    [
        ("lambda", "Request", 1_000_000, 0.20),
        ("lambda", "Lambda-GB-Second", 7e9, 6e9 * 0.0000166667 + 1e9 * 0.000015),
        ("apigatewayv2", "ApiGatewayHttpRequest", 400_000_000, 300 + 90),
        ("dynamodb", "ReadRequestUnits", 2_000_000, 0.25),
        ("dynamodb", "WriteRequestUnits", 2_000_000, 1.25),
        ("sqs", "Requests", 1_000_000, 0.40),
        ("logs", "DataProcessing-Bytes", 60 * 1024 * 2**30, 5120 + 5120 + 2048 + 512),
        ("cloudfront", "Invalidations", 2, 0.01),
    ],
)
def test_list_prices(service, usage_type, quantity, dollars):
    price = BOOK.find(service, usage_type)
    assert price is not None
    assert price.cost(price.units(quantity), free_tier=False) == pytest.approx(dollars)


def test_published_example_of_a_million_invocations():
    """1M x 200 ms x 512 MB is $1.87 on x86 with requests (keystone.page, May 2026)."""
    totals = [
        (key("lambda", "Request"), 1e6),
        (key("lambda", "Lambda-GB-Second"), 1e6 * 0.2 * 0.5),
    ]
    lines = bill(totals, BOOK, lambda _: "")
    assert sum(line.cost for line in lines) == pytest.approx(1.8667, abs=1e-4)
    assert sum(line.cost_after_free_tier for line in lines) == 0


def test_groups_share_the_free_tier_by_quantity():
    totals = [
        (key("sqs", "Requests", "a"), 1_500_000),
        (key("sqs", "Requests", "b"), 500_000),
    ]
    a, b = bill(totals, BOOK, lambda usage: usage.resource)
    assert (a.cost, b.cost) == (pytest.approx(0.6), pytest.approx(0.2))
    assert a.cost_after_free_tier == pytest.approx(0.3)
    assert b.cost_after_free_tier == pytest.approx(0.1)


def test_calls_are_counted_and_never_billed():
    totals = [(key("sqs", CALLS, operation="SendMessage"), 3.0)]
    assert bill(totals, BOOK, lambda _: "") == []
    assert calls(totals) == {("sqs", "SendMessage"): 3}


def test_usage_without_a_price_costs_nothing_but_is_shown():
    (line,) = bill([(key("sqs", "Marvels"), 2.0)], BOOK, lambda _: "")
    assert (line.quantity, line.cost) == (2.0, 0.0)


def test_every_price_says_where_it_is_from():
    for price in BOOK.prices:
        assert price.source.startswith("https://")
        assert price.valid_from
        assert price.tiers[-1][0] is None
