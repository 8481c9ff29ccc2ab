"""Rate limits of routes and stages: a token bucket for each that has one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airside.kernel import Cloud, Component


@dataclass(slots=True)
class Bucket:
    """Tokens that come back at a steady rate. Pure: the caller says what time it is."""

    rate: float
    """Tokens a second."""
    burst: float
    """Tokens that fit in."""
    tokens: float
    at: float

    def take(self, now: float) -> bool:
        """Take a token, if there is one."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


Limit = tuple[float, float]
"""Requests a second, and how many may come at once."""


def limit_of(stage: Mapping[str, Any], route_key: str) -> Limit | None:
    """The limit of a route in a stage: its own settings, else the stage's default ones."""
    settings = (stage.get("RouteSettings") or {}).get(route_key) or {}
    default = stage.get("DefaultRouteSettings") or {}
    rate = settings.get("ThrottlingRateLimit", default.get("ThrottlingRateLimit"))
    burst = settings.get("ThrottlingBurstLimit", default.get("ThrottlingBurstLimit"))
    if rate is None and burst is None:
        return None
    return float(rate if rate is not None else 10_000), float(burst if burst is not None else 5_000)


class Throttles(Component):
    """The buckets of an environment's routes, by the route's ARN."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._buckets: dict[str, Bucket] = {}

    def admits(self, arn: str, limit: Limit) -> bool:
        """Whether a request may pass now."""
        now = self.cloud.clock.monotonic()
        bucket = self._buckets.get(arn)
        if bucket is None or (bucket.rate, bucket.burst) != limit:
            bucket = self._buckets[arn] = Bucket(*limit, tokens=limit[1], at=now)
        return bucket.take(now)
