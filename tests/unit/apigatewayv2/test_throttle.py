"""Rate limits."""

from airside.gateway.throttle import Bucket
from airside.services.apigatewayv2.live import limit_of


def test_a_burst_then_a_steady_rate() -> None:
    bucket = Bucket(rate=2, burst=3, tokens=3, at=0)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(0.5)
    assert not bucket.take(0.5)
    assert [bucket.take(100) for _ in range(4)] == [True, True, True, False]


def test_a_routes_settings_come_before_the_stages() -> None:
    stage = {
        "DefaultRouteSettings": {"ThrottlingRateLimit": 10.0, "ThrottlingBurstLimit": 5},
        "RouteSettings": {"GET /a": {"ThrottlingRateLimit": 1.0}},
    }
    assert limit_of(stage, "GET /a") == (1.0, 5.0)
    assert limit_of(stage, "GET /b") == (10.0, 5.0)
    assert limit_of({"DefaultRouteSettings": {"DetailedMetricsEnabled": False}}, "x") is None
