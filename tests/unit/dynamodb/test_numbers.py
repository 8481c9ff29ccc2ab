"""Numbers: canonical text, size, order, sums."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.services.dynamodb import numbers
from airside.services.dynamodb.problems import InvalidValue

SIZES = {
    "1": 2, "12": 2, "123": 3, "1234": 3, "12345": 4, "123456": 4, "1234567": 5, "12345678": 5,
    "123456789": 6, "1234567891": 6, "12345678912": 7, "123456789123": 7,
    "1234567890123456789": 11, "1" * 38: 20, "0042": 2, "100": 2, "1010": 3, "0.0000001": 2,
    "0": 1, "1E125": 2, "1E-100": 2, "1.5": 3, "1.2": 3, "1.200": 3, "1.234": 4, "3.14159": 5,
    "100.5": 4, "0.15": 2, "15": 2, "-42": 3, "-12345": 5, "-1E125": 3, "-0.15": 3, "-0": 1,
}  # fmt: skip
"""Captured from AWS at the 400 KB limit, where one byte decides."""

decimals = st.builds(
    lambda sign, digits, exponent: f"{'-' if sign else ''}{digits}E{exponent}",
    st.booleans(),
    st.integers(0, 10**38 - 1),
    st.integers(-130, 87),
)


@pytest.mark.parametrize(("text", "size"), SIZES.items())
def test_size_is_what_aws_charges(text, size):
    assert numbers.size(numbers.canonical(text)) == size


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1", "1"), ("007", "7"), ("+3", "3"), ("1.10", "1.1"), ("-0.0", "0"), (".5", "0.5"),
        ("5.", "5"), ("1e3", "1000"), ("1.23e-1", "0.123"), ("-3E2", "-300"), ("0e125", "0"),
        ("1e125", "1" + "0" * 125), ("1e-130", "0." + "0" * 129 + "1"), ("0.1e126", "1" + "0" * 125),
    ],
)  # fmt: skip
def test_canonical_text_has_no_exponent_sign_or_spare_zeros(text, canonical):
    assert numbers.canonical(text) == canonical


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The parameter cannot be converted to a numeric value: "),
        ("dog", "The parameter cannot be converted to a numeric value: dog"),
        (" 1", "The parameter cannot be converted to a numeric value:  1"),
        ("NaN", "The parameter cannot be converted to a numeric value: NaN"),
        ("1e", "The parameter cannot be converted to a numeric value: 1e"),
        ("1e9223372036854775808", "The parameter cannot be converted to a numeric value: "
                                  "1e9223372036854775808"),
        ("1e126", "Number overflow. Attempting to store a number with magnitude larger than "
                  "supported range"),
        ("0e126", "Number overflow. Attempting to store a number with magnitude larger than "
                  "supported range"),
        ("1e-131", "Number underflow. Attempting to store a number with magnitude smaller than "
                   "supported range"),
        ("1" * 39, "Attempting to store more than 38 significant digits in a Number"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_in_aws_words(text, message):
    with pytest.raises(InvalidValue) as problem:
        numbers.canonical(text)
    assert problem.value.message == message


def test_the_older_wording_drops_the_colon_after_an_empty_text():
    with pytest.raises(InvalidValue) as problem:
        numbers.canonical("")
    assert problem.value.older == "The parameter cannot be converted to a numeric value"


@given(decimals)
def test_canonical_text_keeps_the_value_and_is_its_own_canonical_text(text):
    canonical = numbers.canonical(text)
    assert Decimal(canonical) == Decimal(text)
    assert numbers.canonical(canonical) == canonical


@given(decimals, decimals)
def test_sort_keys_order_as_numbers_do(left, right):
    a, b = numbers.canonical(left), numbers.canonical(right)
    keys = numbers.sort_key(a), numbers.sort_key(b)
    assert (keys[0] < keys[1]) == (Decimal(a) < Decimal(b))
    assert (keys[0] == keys[1]) == (a == b)
    if keys[0] != keys[1]:
        assert not keys[0].startswith(keys[1])


@given(decimals, decimals)
def test_sums_are_exact_or_refused(left, right):
    a, b = numbers.canonical(left), numbers.canonical(right)
    exact = Fraction(a) + Fraction(b)
    try:
        total = numbers.add(a, b)
    except InvalidValue:
        digits = str(abs(exact.numerator)).strip("0") if exact.denominator == 1 else "x" * 39
        assert len(digits) > 38 or abs(exact) >= 10**126
    else:
        assert Fraction(total) == exact
