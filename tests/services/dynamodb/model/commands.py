"""Random requests, as the model takes them."""

import string
from decimal import Decimal

from hypothesis import strategies as st
from tests.services.dynamodb.model.values import from_wire

NUMBERS = st.one_of(
    st.integers(-20, 20).map(str),
    st.sampled_from(["0.5", "-1.25", "1E+3", "100", "12345678901234567890", "0.001"]),
)
TEXTS = st.one_of(
    st.text(alphabet=string.ascii_lowercase, max_size=3),
    st.sampled_from(["é", "x" * 1100, "y" * 4200]),
)
SCALARS = st.one_of(
    NUMBERS.map(lambda n: {"N": n}),
    TEXTS.map(lambda s: {"S": s}),
    st.binary(max_size=3).map(lambda b: {"B": b}),
    st.booleans().map(lambda b: {"BOOL": b}),
    st.just({"NULL": True}),
)
SETS = st.one_of(
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True).map(lambda s: {"SS": s}),
    st.lists(st.sampled_from(["1", "2", "30"]), min_size=1, unique=True).map(lambda s: {"NS": s}),
)
VALUES = st.recursive(
    st.one_of(SCALARS, SETS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda members: {"L": members}),
        st.dictionaries(st.sampled_from("ab"), inner, max_size=2).map(lambda m: {"M": m}),
    ),
    max_leaves=4,
)
PARTITIONS = st.sampled_from(["one", "two"])
SORTS = st.integers(0, 4).map(str)
INDEX_VALUES = {
    "g": st.sampled_from(["x", "y"]).map(lambda s: {"S": s}),
    "h": st.integers(0, 3).map(lambda n: {"N": str(n)}),
    "b": st.integers(0, 3).map(lambda n: {"N": str(n)}),
}
NAMES = st.sampled_from(["a", "b", "g", "h", "l", "m", "s"])
PATHS = st.one_of(
    NAMES.map(lambda name: (name,)),
    st.sampled_from([("l", 0), ("l", 1), ("l", 7), ("m", "a"), ("m", "b"), ("l", 0, "a"),
                     ("m", "a", 0)]),
)  # fmt: skip


def tagged(strategy):
    return strategy.map(lambda wire: (wire, from_wire(wire)))


@st.composite
def keys(draw):
    return {"p": {"S": draw(PARTITIONS)}, "c": {"N": draw(SORTS)}}


def _value_of(name):
    usual = {
        "l": st.lists(VALUES, max_size=3).map(lambda members: {"L": members}),
        "m": st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2).map(lambda m: {"M": m}),
        "s": SETS,
        **INDEX_VALUES,
    }.get(name, VALUES)
    return st.integers(0, 11).flatmap(lambda n: SCALARS if n == 0 else usual)


@st.composite
def items(draw):
    item = draw(keys())
    for name in draw(st.sets(NAMES, max_size=5)):
        item[name] = draw(_value_of(name))
    return item


@st.composite
def _simple(draw):  # noqa: PLR0911  # one rule per kind
    path = draw(PATHS)
    kind = draw(st.sampled_from(
        ["=", "<>", "<", "<=", ">", ">=", "between", "in", "exists", "missing", "type", "begins",
         "contains", "size"]
    ))  # fmt: skip
    ordered = st.one_of(NUMBERS.map(lambda n: {"N": n}), TEXTS.map(lambda s: {"S": s}))
    match kind:
        case "=" | "<>":
            return kind, path, draw(tagged(VALUES))
        case "between":
            low, high = sorted(draw(st.tuples(st.integers(-5, 5), st.integers(-5, 5))))
            return kind, path, _number(low), _number(high)
        case "in":
            return kind, path, draw(st.lists(tagged(SCALARS), min_size=1, max_size=3))
        case "exists" | "missing":
            return kind, path
        case "type":
            return kind, path, draw(st.sampled_from(["S", "N", "L", "M", "SS", "NS", "NULL"]))
        case "begins":
            return kind, path, draw(tagged(TEXTS.map(lambda s: {"S": s[:2]})))
        case "contains":
            return kind, path, draw(tagged(SCALARS))
        case "size":
            return kind, path, draw(st.sampled_from(["=", "<", ">="])), draw(st.integers(0, 3))
    return kind, path, draw(tagged(ordered))


def _number(number):
    return {"N": str(number)}, ("N", Decimal(number))


CONDITIONS = st.recursive(
    _simple(),
    lambda inner: st.one_of(
        inner.map(lambda c: ("not", c)),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=3,
)
MAYBE = st.one_of(st.none(), CONDITIONS)


@st.composite
def _action(draw, path):
    kind = draw(st.sampled_from(["set", "set", "remove", "add", "delete"]))
    numbers = tagged(NUMBERS.map(lambda n: {"N": n}))
    if kind == "set":
        other = draw(PATHS)
        lists = tagged(st.lists(SCALARS, max_size=2).map(lambda members: {"L": members}))
        return "set", path, draw(st.one_of(
            st.tuples(st.just("value"), tagged(_value_of(path[0]))),
            st.tuples(st.just("path"), st.just(other)),
            st.tuples(st.sampled_from(["plus", "minus"]), st.just(other), numbers),
            st.tuples(st.just("default"), st.just(other), tagged(VALUES)),
            st.tuples(st.sampled_from(["append", "prepend"]), st.just(other), lists),
        ))  # fmt: skip
    if kind == "remove":
        return "remove", path
    return kind, path, draw(st.one_of(numbers, tagged(SETS)) if kind == "add" else tagged(SETS))


@st.composite
def actions(draw):
    """Actions on different attributes."""
    paths = draw(st.lists(PATHS, min_size=1, max_size=3, unique_by=lambda path: path[0]))
    return [draw(_action(path)) for path in paths]


RETURNS = st.sampled_from(["NONE", "ALL_OLD"])
ALL_RETURNS = st.sampled_from(["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"])


@st.composite
def _query(draw):
    index = draw(st.sampled_from([None, None, "by-g", "by-b"]))
    partition = draw(INDEX_VALUES["g"]) if index == "by-g" else {"S": draw(PARTITIONS)}
    low, high = sorted(draw(st.tuples(st.integers(0, 4), st.integers(0, 4))))
    term = draw(st.sampled_from([
        None, ("=", _number(low)), ("<=", _number(high)), (">", _number(low)),
        ("between", _number(low), _number(high)),
    ]))  # fmt: skip
    return (
        "query", partition, term, draw(st.one_of(st.none(), CONDITIONS)), index, draw(st.booleans()),
        draw(st.one_of(st.none(), st.integers(1, 3))) if index is None else None,
    )  # fmt: skip


def _writes(*more):
    return st.one_of(
        st.tuples(st.just("put"), items(), MAYBE, *(RETURNS for _ in more)),
        st.tuples(st.just("delete"), keys(), MAYBE, *(RETURNS for _ in more)),
        st.tuples(st.just("update"), keys(), actions(), MAYBE, *(ALL_RETURNS for _ in more)),
    )


COMMANDS = st.one_of(
    _writes("returns"),
    _writes("returns"),
    st.tuples(
        st.just("get"), keys(), st.one_of(st.none(), st.lists(PATHS, min_size=1, max_size=2,
                                                              unique_by=lambda path: path[0])),
        st.booleans(),
    ),
    _query(),
    st.tuples(st.just("scan"), MAYBE),
    st.tuples(st.just("batch"), st.lists(
        st.one_of(st.tuples(st.just("put"), items()), st.tuples(st.just("delete"), keys())),
        min_size=1, max_size=4,
    )),
    st.tuples(st.just("transact"), st.lists(
        st.one_of(_writes(), st.tuples(st.just("check"), keys(), CONDITIONS)),
        min_size=1, max_size=3,
    )),
)  # fmt: skip
