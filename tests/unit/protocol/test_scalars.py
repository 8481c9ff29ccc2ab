"""Scalars as text."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.protocol import scalars

MOMENTS = st.integers(-62_135_596_800_000, 253_402_300_799_000).map(lambda ms: ms / 1000)


@given(MOMENTS)
def test_iso8601_there_and_back(instant):
    text = scalars.write_iso8601(instant)
    assert scalars.read_iso8601(text) == pytest.approx(instant, abs=0.0005)
    assert scalars.read_iso8601(scalars.write_iso8601_milliseconds(instant)) == pytest.approx(
        instant, abs=0.0005
    )
    assert datetime.fromisoformat(text) == datetime.fromisoformat(
        scalars.write_iso8601_milliseconds(instant)
    )


@given(MOMENTS)
def test_http_dates_there_and_back(instant):
    text = scalars.write_rfc822(instant)
    assert scalars.read_rfc822(text) == math.floor(instant)
    moment = datetime.fromtimestamp(math.floor(instant), UTC)
    assert text == f"{moment:%a, %d %b} {moment.year:04d} {moment:%H:%M:%S} GMT"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2015-10-21T07:28:00Z", 1445412480),
        ("2015-10-21T07:28:00.123Z", 1445412480.123),
        ("2015-10-21T07:28:00+02:00", 1445405280),
        ("2015-10-21T07:28:00", 1445412480),
        ("2015-10-21", 1445385600),
        ("20151021T072800Z", 1445412480),
        ("1445412480", 1445412480),
        ("1445412480.5", 1445412480.5),
    ],
)
def test_iso8601_and_its_relatives(text, instant):
    assert scalars.read_iso8601(text) == instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1445412480),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", 1445412480),
        ("Wed Oct 21 07:28:00 2015", 1445412480),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 1445412480),
        ("Wed, 21 Oct 2015 09:28:00 +0200", 1445412480),
        ("2015-10-21T07:28:00Z", 1445412480),
    ],
)
def test_http_dates_and_their_relatives(text, instant):
    assert scalars.read_rfc822(text) == instant


@pytest.mark.parametrize(
    ("read", "texts"),
    [
        (scalars.read_iso8601, ["", "yesterday", "2015-13-01T00:00:00Z", "NaN", "Infinity"]),
        (
            scalars.read_rfc822,
            ["", "Wed, 32 Oct 2015 07:28:00 GMT", "Wed, 21 Okt 2015 07:28:00 GMT"],
        ),
        (scalars.read_unix, ["", "x", "1e999", "NaN"]),
        (scalars.read_integer, ["", "1.0", "1_0", "٣", "0x1", "--1", "9" * 65]),
        (scalars.read_float, ["", "1_0", "1e999", "inf", "nan", "٣"]),
        (scalars.read_boolean, ["", "1", "yes", "tRuE"]),
        (scalars.read_blob, ["*", "a", "YQ=", "YQ==YQ==", "Y Q=="]),
    ],
)
def test_what_is_refused(read, texts):
    for text in texts:
        with pytest.raises(ValueError):  # noqa: PT011
            read(text)


def test_numbers_that_are_none():
    assert scalars.write_float(math.inf) == "Infinity"
    assert scalars.write_float(-math.inf) == "-Infinity"
    assert scalars.write_float(math.nan) == "NaN"
    assert scalars.read_float("-Infinity") == -math.inf
    assert math.isnan(scalars.read_float("NaN"))


@given(st.binary())
def test_blobs(data):
    assert scalars.read_blob(scalars.write_blob(data)) == data


def test_seconds_in_json():
    assert scalars.epoch_number(1_700_000_000.0) == 1_700_000_000
    assert isinstance(scalars.epoch_number(1_700_000_000.0), int)
    assert scalars.epoch_number(1_700_000_000.12349) == 1_700_000_000.123
