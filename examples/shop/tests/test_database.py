"""Values survive the way into an item and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shop import database

scalars = st.integers(-(10**30), 10**30) | st.booleans() | st.text() | st.binary(min_size=1)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner)
)


@given(st.dictionaries(st.text(min_size=1), values))
def test_items_come_back_as_they_went(item: dict[str, object]) -> None:
    assert database.from_item(database.to_item(item)) == item


@pytest.mark.parametrize("value", [1.5, None, object()])
def test_what_has_no_attribute_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        database.to_attribute(value)


def test_true_is_not_one() -> None:
    assert database.to_attribute(True) == {"BOOL": True}
