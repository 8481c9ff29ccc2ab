"""DynamoDB's numbers: decimals of 38 significant digits between 1E-130 and 9.99...E+125.

They travel as text. The canonical text has no sign for zero, no exponent, no leading and no
trailing zeros, so that equal numbers have equal text.
"""

import re
from decimal import Context, Decimal
from typing import Any

from airside.services.dynamodb.problems import InvalidValue

DIGITS_MAX = 38
EXPONENT_MAX = 125
EXPONENT_MIN = -130

_SYNTAX = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?", re.ASCII)
_EXACT = Context(prec=400)
"""Wide enough for any sum of two legal numbers."""

_OVERFLOW = (
    "Number overflow. Attempting to store a number with magnitude larger than supported range"
)
_UNDERFLOW = (
    "Number underflow. Attempting to store a number with magnitude smaller than supported range"
)


def canonical(text: str) -> str:
    """The canonical text of a number. Raises InvalidValue."""
    if text.isdigit() and text.isascii() and len(text) <= DIGITS_MAX:
        return text if text[0] != "0" else text.lstrip("0") or "0"
    return _parse(text)


def _parse(text: str) -> str:
    match = _SYNTAX.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise _not_a_number(text)
    sign, whole, fraction = match[1], match[2], match[3] or ""
    exponent = _exponent(text, match[4] or "0")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        _check_zero(exponent - len(fraction))
        return "0"
    point = len(digits) - len(fraction) + exponent
    digits = digits.rstrip("0")
    return _render(sign == "-", digits, point)


def _not_a_number(text: str) -> InvalidValue:
    message = "The parameter cannot be converted to a numeric value"
    return InvalidValue(f"{message}: {text}", f"{message}: {text}" if text else message)


def _exponent(text: str, digits: str) -> int:
    """The exponent. One that no 64-bit integer holds makes the text no number."""
    if len(digits) > 40:
        raise _not_a_number(text)
    exponent = int(digits)
    if not -(1 << 63) <= exponent < 1 << 63:
        raise _not_a_number(text)
    return exponent


def _check_zero(exponent: int) -> None:
    """Zero is held to the range by the exponent it is written with."""
    if exponent > EXPONENT_MAX:
        raise InvalidValue(_OVERFLOW)
    if exponent < EXPONENT_MIN:
        raise InvalidValue(_UNDERFLOW)


def _render(negative: bool, digits: str, point: int) -> str:
    """Plain text of 0.DIGITS times ten to the power of `point`."""
    if point - 1 > EXPONENT_MAX:
        raise InvalidValue(_OVERFLOW)
    if point - 1 < EXPONENT_MIN:
        raise InvalidValue(_UNDERFLOW)
    if len(digits) > DIGITS_MAX:
        raise InvalidValue("Attempting to store more than 38 significant digits in a Number")
    if point >= len(digits):
        plain = digits + "0" * (point - len(digits))
    elif point > 0:
        plain = f"{digits[:point]}.{digits[point:]}"
    else:
        plain = f"0.{'0' * -point}{digits}"
    return f"-{plain}" if negative else plain


def add(left: str, right: str) -> str:
    """The sum of two canonical numbers, exact. AWS calls a sum of too many digits an overflow."""
    if _are_counts(left, right):
        return str(int(left) + int(right))
    return _result(_EXACT.add(Decimal(left), Decimal(right)))


def subtract(left: str, right: str) -> str:
    """The difference of two canonical numbers, exact."""
    if _are_counts(left, right):
        return str(int(left) - int(right))
    return _result(_EXACT.subtract(Decimal(left), Decimal(right)))


def _are_counts(left: str, right: str) -> bool:
    """Whether two canonical numbers are whole, not negative, and far from the limits."""
    return left.isdigit() and right.isdigit() and len(left) + len(right) < DIGITS_MAX


def compare(left: str, right: str) -> int:
    """-1, 0 or 1, of two canonical numbers."""
    a: Any
    b: Any
    if left.isdigit() and right.isdigit():
        a, b = (len(left), left), (len(right), right)
    else:
        a, b = Decimal(left), Decimal(right)
    return int(a > b) - int(a < b)


def _result(value: Decimal) -> str:
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    if not text:
        return "0"
    point = len(text) + exponent
    text = text.rstrip("0")
    if len(text) > DIGITS_MAX:
        raise InvalidValue(_OVERFLOW)
    return _render(bool(sign), text, point)


def size(text: str) -> int:
    """Bytes that a canonical number counts for.

    One, plus one for each two significant digits on either side of the decimal point, plus one for
    a minus sign: captured from AWS by others, byte by byte at the 400 KB limit.
    """
    if text.isdigit():
        return 1 + (len(text.rstrip("0")) + 1) // 2
    negative = text[0] == "-"
    whole, _, fraction = (text[1:] if negative else text).partition(".")
    if fraction:
        left = 0 if whole == "0" else len(whole)
        right = len(fraction) if left else len(fraction.lstrip("0"))
    else:
        left, right = len(whole.rstrip("0")), 0
    return 1 + (left + 1) // 2 + (right + 1) // 2 + negative


def sort_key(text: str) -> bytes:
    """Bytes that sort as canonical numbers do, none a prefix of another."""
    if text == "0":
        return b"\x80"
    negative = text[0] == "-"
    whole, _, fraction = (text[1:] if negative else text).partition(".")
    if whole == "0":
        digits = fraction.lstrip("0")
        point = len(digits) - len(fraction)
    else:
        digits = (whole + fraction).rstrip("0")
        point = len(whole)
    if len(digits) % 2:
        digits += "0"
    pairs = bytes(int(digits[at : at + 2]) + 1 for at in range(0, len(digits), 2))
    body = bytes((point - 1 - EXPONENT_MIN,)) + pairs + b"\0"
    if negative:
        return b"\x40" + bytes(255 - byte for byte in body)
    return b"\xc0" + body
