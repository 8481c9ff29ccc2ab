"""Rate limits of routes and stages: a token bucket for each that has one."""

from dataclasses import dataclass

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
