"""CBOR."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.protocol.cbor import InvalidCbor, Moment, decode, encode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.floats(allow_nan=False)
    | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(VALUES)
def test_there_and_back(value):
    assert decode(encode(value)) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_an_item_or_refused(data):
    with contextlib.suppress(InvalidCbor):
        encode(decode(data))


@given(VALUES, st.data())
def test_a_part_of_an_item_is_refused(value, data):
    wire = encode(value)
    with pytest.raises(InvalidCbor):
        decode(wire[: data.draw(st.integers(0, len(wire) - 1))])


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        # RFC 8949, appendix A
        ("00", 0), ("17", 23), ("1818", 24), ("1903e8", 1000), ("1bffffffffffffffff", 2**64 - 1),
        ("3903e7", -1000), ("f93c00", 1.0), ("f97bff", 65504.0), ("fa47c35000", 100000.0),
        ("fb3ff199999999999a", 1.1), ("f97c00", math.inf), ("f4", False), ("f6", None),
        ("f7", None), ("c11a514b67b0", 1363896240), ("c1fb41d452d9ec200000", 1363896240.5),
        ("4401020304", b"\x01\x02\x03\x04"), ("62c3bc", "ü"), ("83010203", [1, 2, 3]),
        ("a26161016162820203", {"a": 1, "b": [2, 3]}),
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
        ("7f657374726561646d696e67ff", "streaming"), ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
    ],
)  # fmt: skip
def test_examples_of_the_standard(wire, value):
    assert decode(bytes.fromhex(wire)) == value


@pytest.mark.parametrize(
    "wire",
    ["", "ff", "1c", "9f01", "bf6161ff", "a10101", "5f6161ff", "0001", "62ffff", "f8ff", "81" * 100,
     "9bffffffffffffffff", "bbffffffffffffffff", "5bffffffffffffffff", "1fff", "dfff", "81ff"],
)  # fmt: skip
def test_what_is_refused(wire):
    with pytest.raises(InvalidCbor):
        decode(bytes.fromhex(wire))


def test_a_moment_is_tagged():
    assert encode(Moment(1363896240.5)).hex() == "c1fb41d452d9ec200000"
