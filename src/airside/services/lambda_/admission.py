"""Whether this machine has room for one more execution environment, and may make it so soon."""

import re
from pathlib import Path

from airside.kernel.clock import Clock
from airside.services.lambda_ import errors

SCALING_BURST = 1000
SCALING_PER_SECOND = 100.0
"""https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#scaling-rate"""
LOOK_SECONDS = 0.05
_AVAILABLE = re.compile(rb"MemAvailable:\s+(\d+) kB")


class ScalingRate:
    """One function's environments: a thousand at once, then a hundred more each second. Pure."""

    def __init__(self, now: float) -> None:
        self._left = float(SCALING_BURST)
        self._at = now

    def take(self, now: float) -> bool:
        """Whether one more may be made now."""
        self._left = min(SCALING_BURST, self._left + (now - self._at) * SCALING_PER_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Admission:
    """Asked before an environment is made."""

    def __init__(self, clock: Clock, reserve_mib: int, meminfo: Path) -> None:
        self._clock = clock
        self._reserve_mib = reserve_mib
        self._meminfo = meminfo
        self._rates: dict[str, ScalingRate] = {}
        self._looked_at = -1.0
        self._available_mib: float | None = None

    def check(self, arn: str) -> None:
        """Raise TooManyRequestsException when a function may have no more environments now."""
        now = self._clock.monotonic()
        available = self._available(now)
        if available is not None and available < self._reserve_mib:
            raise errors.TooManyRequestsException(
                f"This machine has {available:.0f} MiB of memory left, which is too little for one "
                f"more execution environment ({self._reserve_mib} MiB are kept free).",
                Reason="ConcurrentInvocationLimitExceeded", Type="User",
            )  # fmt: skip
        rate = self._rates.get(arn)
        if rate is None:
            rate = self._rates[arn] = ScalingRate(now)
        if not rate.take(now):
            raise errors.TooManyRequestsException(
                "Rate Exceeded.", Reason="ConcurrentInvocationLimitExceeded", Type="User"
            )

    def _available(self, now: float) -> float | None:
        """Memory left, in MiB; None where nobody tells."""
        if now - self._looked_at >= LOOK_SECONDS or self._looked_at < 0:
            self._looked_at = now
            try:
                found = _AVAILABLE.search(self._meminfo.read_bytes())
            except OSError:
                found = None
            self._available_mib = int(found[1]) / 1024 if found else None
        return self._available_mib
