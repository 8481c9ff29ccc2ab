"""Random attribute values, keys and items."""

from base64 import b64encode

from hypothesis import strategies as st

texts = st.text(max_size=8)
numbers = st.builds(
    lambda whole, places: f"{whole}E{places}", st.integers(-(10**9), 10**9), st.integers(-20, 20)
)
binaries = st.binary(max_size=6).map(lambda raw: b64encode(raw).decode())
names = st.text(min_size=1, max_size=5)


def _set(kind, members, key):
    return st.lists(members, min_size=1, max_size=4, unique_by=key).map(lambda m: {kind: m})


def _value(number):
    whole, _, places = number.partition("E")
    return int(whole) * 10 ** (int(places) + 20)


scalars = st.one_of(
    texts.map(lambda text: {"S": text}),
    numbers.map(lambda number: {"N": number}),
    binaries.map(lambda binary: {"B": binary}),
)
attribute_values = st.recursive(
    st.one_of(
        scalars,
        st.booleans().map(lambda flag: {"BOOL": flag}),
        st.just({"NULL": True}),
        _set("SS", texts, lambda text: text),
        _set("NS", numbers, _value),
        _set("BS", binaries, lambda text: text),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda members: {"L": members}),
        st.dictionaries(names, inner, max_size=3).map(lambda members: {"M": members}),
    ),
    max_leaves=6,
)
