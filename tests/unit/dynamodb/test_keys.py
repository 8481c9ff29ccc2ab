"""Keys in the store sort as DynamoDB sorts."""

from binascii import a2b_base64
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.dynamodb import strategies

from airside.services.dynamodb import keys, numbers
from airside.services.dynamodb.expressions.key_condition import KeyRange, KeyTerm, admits

binaries = st.binary(max_size=5)


def ordered(kind, content):
    return {"S": content.encode, "N": lambda: Decimal(content),
            "B": lambda: a2b_base64(content)}[kind]()  # fmt: skip


def canonical(value):
    return {"N": numbers.canonical(value["N"])} if "N" in value else value


pairs = st.one_of(
    st.tuples(strategies.texts.map(lambda t: {"S": t}), strategies.texts.map(lambda t: {"S": t})),
    st.tuples(*2 * (strategies.numbers.map(lambda n: canonical({"N": n})),)),
    st.tuples(*2 * (strategies.binaries.map(lambda b: {"B": b}),)),
)


@given(pairs)
def test_encodings_order_as_values_of_their_type(pair):
    left, right = pair
    kind = next(iter(left))
    encoded = keys.encode(left), keys.encode(right)
    values = ordered(kind, left[kind]), ordered(kind, right[kind])
    assert (encoded[0] < encoded[1]) == (values[0] < values[1])
    assert (encoded[0] == encoded[1]) == (values[0] == values[1])


@given(pairs, st.binary(max_size=3), st.binary(max_size=3))
def test_what_follows_an_encoding_does_not_change_its_order(pair, after_left, after_right):
    left, right = (keys.encode(value) for value in pair)
    if left != right:
        assert (left + after_left < right + after_right) == (left < right)


@given(st.binary(min_size=1, max_size=4).filter(lambda raw: raw.strip(b"\xff")), binaries)
def test_following_is_right_after_everything_with_the_prefix(prefix, rest):
    assert prefix + rest < keys.following(prefix)
    assert not keys.following(prefix).startswith(prefix)


@given(pairs.flatmap(lambda pair: st.tuples(st.just(pair), st.sampled_from(
    ["<", "<=", ">", ">=", "BETWEEN", "begins_with"]))))  # fmt: skip
def test_ranges_hold_exactly_the_values_that_the_condition_admits(drawn):
    (bound, value), operator = drawn
    if operator == "begins_with" and "N" in bound:
        return
    operands = [bound, bound] if operator == "BETWEEN" else [bound]
    term = KeyTerm("c", operator, operands)
    partition = {"S": "p"}
    start, end = keys.of_range(b"x", KeyRange([partition], [], term))
    key = b"x" + keys.partition([partition]) + keys.encode(value)
    if operator == "begins_with" and "B" in bound:
        expected = a2b_base64(value["B"]).startswith(a2b_base64(bound["B"]))
    else:
        expected = admits(term, value)
    assert (start <= key < end) == expected


@given(st.integers(1, 50), strategies.scalars)
def test_segments_divide_the_keys_among_them(total, value):
    key = b"t" + keys.partition([canonical(value)])
    inside = [n for n in range(total) if in_range(key, keys.segment(b"t", n, total))]
    assert len(inside) == 1


def in_range(key, bounds):
    return bounds[0] <= key < bounds[1]
