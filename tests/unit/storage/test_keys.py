"""Keys sort as their tuples do and come back as they were."""

from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.storage.keys import after, pack, prefix_range, starting_with, unpack

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.integers(-(256**200), 256**200),
    st.floats(allow_nan=False),
    st.binary(),
    st.lists(st.sampled_from([b"\0", b"\xff", b"\x01", b"a"])).map(b"".join),
    st.text(st.characters(codec="utf-8")),
    st.text(st.sampled_from("\0\x01aÿ\U0010ffff")),
)
elements = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=4)
keys = st.lists(elements, max_size=4).map(tuple)

RANK: dict[type, int] = {type(None): 0, bytes: 1, str: 2, tuple: 3, int: 4, float: 5, bool: 6}


def order(part: Any) -> tuple[Any, ...]:
    """The documented order, said in a second way."""
    if isinstance(part, tuple):
        return (RANK[tuple], [order(inner) for inner in part])
    if isinstance(part, float) and part == 0:
        return (RANK[float], 0.0, str(part) == "0.0")
    return (RANK[type(part)], 0 if part is None else part)


@given(keys)
def test_unpack_gives_back_what_was_packed(key: tuple[Any, ...]) -> None:
    back = unpack(pack(key))
    assert back == key
    assert repr(back) == repr(key)


@given(keys, keys)
def test_packed_keys_sort_as_tuples(one: tuple[Any, ...], two: tuple[Any, ...]) -> None:
    assert (pack(one) < pack(two)) == (order(one) < order(two))
    assert (pack(one) == pack(two)) == (repr(one) == repr(two))


@given(st.integers(), st.integers())
def test_integers_sort_as_numbers(one: int, two: int) -> None:
    assert (pack((one,)) < pack((two,))) == (one < two)


@pytest.mark.parametrize("edge", [0, 255, 256, 2**32, 2**63, 2**64, 256**8, 256**9, 256**254])
def test_integers_sort_around_width_changes(edge: int) -> None:
    numbers = [-edge - 1, -edge, -edge + 1, edge - 1, edge, edge + 1]
    packed = [pack((number,)) for number in sorted(numbers)]
    assert packed == sorted(packed)
    assert [unpack(key)[0] for key in packed] == sorted(numbers)


@given(keys, keys, keys)
def test_prefix_range_holds_exactly_the_extensions(
    prefix: tuple[Any, ...], more: tuple[Any, ...], other: tuple[Any, ...]
) -> None:
    start, end = prefix_range(prefix)
    assert (start <= pack(prefix + more) < end) == bool(more)
    extends = len(other) > len(prefix) and repr(other[: len(prefix)]) == repr(prefix)
    assert (start <= pack(other) < end) == extends


@given(keys, st.text(st.sampled_from("\0aÿb")), st.text(st.sampled_from("\0aÿb")), keys)
def test_starting_with_holds_exactly_the_texts_that_do(
    prefix: tuple[Any, ...], text: str, other: str, more: tuple[Any, ...]
) -> None:
    start, end = starting_with(prefix, text)
    assert (start <= pack((*prefix, other, *more)) < end) == other.startswith(text)
    start, end = starting_with(prefix, text.encode())
    encoded = other.encode()
    assert (start <= pack((*prefix, encoded, *more)) < end) == encoded.startswith(text.encode())
    assert not start <= pack((*prefix, other, *more)) < end


@given(keys, keys)
def test_nothing_fits_between_a_key_and_what_comes_after_it(
    one: tuple[Any, ...], two: tuple[Any, ...]
) -> None:
    assert pack(one) < after(pack(one))
    assert (pack(two) >= after(pack(one))) == (pack(two) > pack(one))


def test_members_of_enumerations_pack_as_their_values() -> None:
    class Colour(StrEnum):
        RED = "red"

    assert pack((Colour.RED,)) == pack(("red",))


@pytest.mark.parametrize(
    ("part", "error"),
    [(object(), TypeError), ([1], TypeError), (float("nan"), ValueError), (256**255, ValueError),
     ("\ud800", ValueError)],
)  # fmt: skip
def test_what_has_no_place_in_a_key_is_refused(part: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        pack(("a", part))


@pytest.mark.parametrize(
    "raw", [b"\x03abc", b"\xff", b"\x03a\0\xffb", b"\x04\x03a\0", b"\0", b"\x05"]
)
def test_what_is_no_key_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="not a packed key"):
        unpack(raw)
