"""How concurrency grows, and when this machine says no."""

import pytest

from airside.services.lambda_.admission import Admission, ScalingRate
from airside.services.lambda_.errors import TooManyRequestsException
from airside.services.lambda_.ramp import Ramp


class Clock:
    def __init__(self):
        self.at = 100.0

    def now(self):
        return self.at

    monotonic = now


def drive(ramp, seconds_of, windows, now=0.0):
    """Keep a ramp busy: each event takes what `seconds_of(limit)` says."""
    limits = []
    for step in range(windows):
        limit = ramp.wanted(now + step)
        limits.append(limit)
        for _ in range(limit):
            ramp.took(seconds_of(limit))
    return limits


def test_events_that_only_wait_run_more_and_more_at_once():
    assert drive(Ramp(5, lambda limit: limit + 5), lambda _: 1.0, 6) == [5, 10, 15, 20, 25, 30]


def test_events_that_fill_the_processors_stay_few():
    limits = drive(Ramp(10, lambda limit: limit * 2), lambda limit: 0.01 * limit, 30)
    assert max(limits) == 20
    assert limits.count(10) > 20


def test_long_events_of_which_none_has_ended_say_nothing_against_growing():
    ramp = Ramp(5, lambda limit: limit + 5)
    assert [ramp.wanted(float(at)) for at in range(4)] == [5, 10, 15, 20]


def test_after_a_rest_it_begins_small():
    ramp = Ramp(5, lambda limit: limit + 5)
    drive(ramp, lambda _: 1.0, 6)
    ramp.rest()
    assert ramp.wanted(100.0) == 5


def test_a_thousand_environments_at_once_then_a_hundred_a_second():
    rate = ScalingRate(0.0)
    assert sum(rate.take(0.0) for _ in range(1500)) == 1000
    assert sum(rate.take(1.0) for _ in range(1500)) == 100
    assert sum(rate.take(60.0) for _ in range(1500)) == 1000


def test_a_machine_short_of_memory_says_so(tmp_path):
    meminfo, clock = tmp_path / "meminfo", Clock()
    meminfo.write_text("MemTotal:  8000000 kB\nMemAvailable:  204800 kB\n")
    admission = Admission(clock, 256, meminfo)
    with pytest.raises(TooManyRequestsException) as caught:
        admission.check("arn")
    assert caught.value.message == (
        "This machine has 200 MiB of memory left, which is too little for one more execution "
        "environment (256 MiB are kept free)."
    )
    meminfo.write_text("MemAvailable:  2048000 kB\n")
    clock.at += 1
    admission.check("arn")
    Admission(clock, 256, tmp_path / "none").check("arn")
