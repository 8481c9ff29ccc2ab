"""Scalars as text: timestamps, numbers, booleans, blobs, in the forms the protocols write.

Readers raise ValueError; what a client is told is the codec's business.
"""

import binascii
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

Reader = Callable[[str], object]
Writer = Callable[[object], str]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBERS = {name: number for number, name in enumerate(_MONTHS, 1)}
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


INTEGER_LIMITS = {
    "byte": 2**7,
    "short": 2**15,
    "integer": 2**31,
    "long": 2**63,
    "bigInteger": 10**64,
}
"""Type -> the least number too large for it."""


def integer_reader(kind: str) -> Callable[[str], int]:
    """A reader of decimal integers that fit the type."""
    limit = INTEGER_LIMITS[kind]

    def read(text: str) -> int:
        if "_" in text or len(text) > 80 or not text.isascii():
            raise ValueError(text)
        value = int(text)
        if not -limit <= value < limit:
            raise ValueError(text)
        return value

    return read


def read_size(text: str) -> int:
    """A number of decimal digits; so many that no size has them are a size beyond all others."""
    return int(text) if len(text) < 19 else 1 << 62


_DIGITS = re.compile("[0-9]+")


def is_size(text: str) -> bool:
    """Whether it consists of decimal digits alone, those of ASCII."""
    return _DIGITS.fullmatch(text) is not None


read_integer = integer_reader("long")
INTEGER_READERS = {kind: integer_reader(kind) for kind in INTEGER_LIMITS}


def read_float(text: str) -> float:
    """A decimal number, or NaN, Infinity, -Infinity."""
    if text in _SPECIAL:
        return _SPECIAL[text]
    if "_" in text or not text.isascii():
        raise ValueError(text)
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def read_boolean(text: str) -> bool:
    """`true` or `false`, whatever their case."""
    if text in {"true", "True", "TRUE"}:
        return True
    if text in {"false", "False", "FALSE"}:
        return False
    raise ValueError(text)


def read_blob(text: str) -> bytes:
    """Base64, strictly."""
    try:
        return binascii.a2b_base64(text, strict_mode=True) if text else b""
    except binascii.Error as error:
        raise ValueError(text) from error


def write_blob(value: object) -> str:
    """Base64."""
    data = value.encode() if isinstance(value, str) else value
    return binascii.b2a_base64(data, newline=False).decode("ascii")  # type: ignore[arg-type]


def write_boolean(value: object) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


def write_integer(value: object) -> str:
    """A decimal integer."""
    return str(int(value))  # type: ignore[call-overload]


def write_float(value: object) -> str:
    """A decimal number, or NaN, Infinity, -Infinity."""
    number = float(value)  # type: ignore[arg-type]
    if math.isfinite(number):
        return repr(number)
    return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")


def read_iso8601(text: str) -> float:
    """RFC 3339 and its relatives; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return _whole_number(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _epoch(moment)


def _whole_number(text: str) -> float:
    """Some clients send epoch seconds where ISO 8601 is due, and AWS takes them."""
    value = read_float(text)
    if not _FIRST_INSTANT <= value < _END_OF_TIME:
        raise ValueError(text)
    return value


def read_rfc822(text: str) -> float:
    """An HTTP date; the older forms and ISO 8601 are taken too."""
    try:
        if len(text) == 29 and text.endswith(" GMT"):
            moment = datetime(
                int(text[12:16]), _MONTH_NUMBERS[text[8:11]], int(text[5:7]),
                int(text[17:19]), int(text[20:22]), int(text[23:25]), tzinfo=UTC,
            )  # fmt: skip
            return _epoch(moment)
        moment = parsedate_to_datetime(text)
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return read_iso8601(text)
    return _epoch(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def read_unix(text: str) -> float:
    """Seconds since the epoch."""
    return _whole_number(text)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_INSTANT, _END_OF_TIME = -62_135_596_800.0, 253_402_300_800.0
"""The years 1 to 9999, which dates can be written of."""


def _epoch(moment: datetime) -> float:
    """Exact for all years a datetime can hold, unlike `timestamp()` on some platforms."""
    since = moment - _EPOCH
    return since.days * 86400 + since.seconds + since.microseconds / 1e6


def _parts(value: object) -> tuple[int, int]:
    """Whole seconds and milliseconds, rounded to the nearest."""
    milliseconds = round(float(value) * 1000)  # type: ignore[arg-type]
    return divmod(milliseconds, 1000)


def write_iso8601(value: object) -> str:
    """`2026-11-23T09:00:00Z`, with milliseconds when there are any."""
    seconds, milliseconds = _parts(value)
    return _calendar(seconds) + (f".{milliseconds:03d}Z" if milliseconds else "Z")


def write_iso8601_milliseconds(value: object) -> str:
    """`2026-11-23T09:00:00.000Z`."""
    return _with_milliseconds(float(value))  # type: ignore[arg-type]


@lru_cache(maxsize=4096)
def _with_milliseconds(value: float) -> str:
    seconds, milliseconds = _parts(value)
    return f"{_calendar(seconds)}.{milliseconds:03d}Z"


@lru_cache(maxsize=4096)
def _calendar(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return (
        f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}"
        f"T{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}"
    )


def write_rfc822(value: object) -> str:
    """`Mon, 23 Nov 2026 09:00:00 GMT`; HTTP dates have no fractions."""
    return _http_date(math.floor(float(value)))  # type: ignore[arg-type]


@lru_cache(maxsize=4096)
def _http_date(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02d} {_MONTHS[moment.month - 1]} "
        f"{moment.year:04d} {moment.hour:02d}:{moment.minute:02d}:{moment.second:02d} GMT"
    )


def write_unix(value: object) -> str:
    """Seconds since the epoch, with milliseconds when there are any."""
    return str(epoch_number(value))


def epoch_number(value: object) -> int | float:
    """Seconds since the epoch as AWS writes them in JSON: whole, or to the millisecond."""
    number = round(float(value), 3)  # type: ignore[arg-type]
    whole = int(number)
    return whole if whole == number else number


TIMESTAMP_READERS: dict[str, Callable[[str], float]] = {
    "iso8601": read_iso8601,
    "rfc822": read_rfc822,
    "unixTimestamp": read_unix,
}
TIMESTAMP_WRITERS: dict[str, Writer] = {
    "iso8601": write_iso8601,
    "rfc822": write_rfc822,
    "unixTimestamp": write_unix,
}
