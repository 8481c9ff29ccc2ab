"""Items as Ion text: what is written is read again, and what is no Ion is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.services.dynamodb import ion, numbers, values

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=9).map(
    lambda d: numbers.canonical(format(d.normalize(), "f")[:38])
)
BLOBS = st.sampled_from(["", "YQ==", "YWI=", "//79"])
VALUES = st.recursive(
    st.one_of(
        st.builds(lambda v: {"S": v}, TEXTS), st.builds(lambda v: {"N": v}, NUMBERS),
        st.builds(lambda v: {"B": v}, BLOBS), st.builds(lambda v: {"BOOL": v}, st.booleans()),
        st.just({"NULL": True}),
        st.builds(lambda v: {"SS": v}, st.lists(TEXTS, min_size=1, unique=True)),
        st.builds(lambda v: {"BS": v}, st.lists(BLOBS, min_size=1, unique=True)),
    ),
    lambda inner: st.one_of(
        st.builds(lambda v: {"L": v}, st.lists(inner, max_size=3)),
        st.builds(lambda v: {"M": v}, st.dictionaries(TEXTS, inner, max_size=3)),
    ),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_is_written_is_read_again(item):
    line = ion.line(("Item", item)).decode()
    assert line.startswith("$ion_1_0 {Item:{")
    assert line.count("\n") == 1
    (found,) = ion.read(line)
    assert canonical(found) == {"M": {"Item": {"M": canonical(item)}}}


def canonical(node):
    if isinstance(node, dict):
        return {k: numbers.canonical(v) if k == "N" and isinstance(v, str) else canonical(v)
                for k, v in node.items()}  # fmt: skip
    return [canonical(each) for each in node] if isinstance(node, list) else node


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("600", "6d2"), ("103", "103."), ("-2000", "-2d3"), ("0", "0."), ("1.5", "1.5"),
        ("0.00001", "0.00001"), ("-0.00000012", "-12d-8"), ("0.00000001", "1d-8"),
    ],
)  # fmt: skip
def test_numbers(text, expected):
    written = ion.line(("Item", {"n": {"N": text}})).decode()
    number = written.partition("n:")[2].partition("}")[0]
    assert number == expected
    (found,) = ion.read(number)
    assert numbers.canonical(found["N"]) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a b'::[1, 0x1F, -0b11, 1_000, 2d-1]",
         {"L": [{"N": "1"}, {"N": "31"}, {"N": "-3"}, {"N": "1000"}, {"N": "2e-1"}]}),
        ('{ "q" : null.string , /* so */ r: [true,], // end\n }',
         {"M": {"q": {"NULL": True}, "r": {"L": [{"BOOL": True}]}}}),
        ("'''two ''' '''parts'''", {"S": "two parts"}),
        (r'"\x41\u00e9\U0001F389\ud83c\udf89\n\/"', {"S": "Aé🎉🎉\n/"}),
        ("{{ YW\nI= }}", {"B": "YWI="}),
        ("$dynamodb_NS::[1,2d0]", {"NS": ["1", "2e0"]}),
    ],
)  # fmt: skip
def test_what_others_write(text, value):
    assert list(ion.read(f"$ion_1_0 {text}")) == [value]


@pytest.mark.parametrize(
    "text",
    ["{", "}", "[1", "{a}", "{a:}", "{1:2}", '"', r'"\q"', r'"\ud800"', "symbol", "nan", "+inf",
     "2020-01-01T", "(a b)", "{{x}", "{{ \"clob\" }}", "$dynamodb_SS::[1]", "$dynamodb_SS::1", "0x",
     "1e", "[1 2]", "a::", "[" * 5000, "{a:" * 5000, "0x" + "f" * 99, "\\", "\0"],
)  # fmt: skip
def test_what_is_no_ion(text):
    with pytest.raises(ion.NotIon):
        list(ion.read(text))


def test_json_is_ion():
    document = {"Item": {"a": ["x", 1.5, None, True], "b": {"c": 10**30}}}
    (found,) = ion.read(json.dumps(document))
    assert values.check_item(found["M"]["Item"]["M"]) > 0
