"""Patterns with `*` and `?`."""

import fnmatch
import time

from hypothesis import given
from hypothesis import strategies as st

from airside.kernel.wildcards import wildcards

TEXT = st.text(alphabet="ab/.", max_size=8)


@given(st.text(alphabet="ab/.*?", max_size=8), TEXT)
def test_patterns_mean_what_shells_mean(pattern, text):
    assert bool(wildcards(pattern).fullmatch(text)) == fnmatch.fnmatchcase(text, pattern)


def test_no_address_makes_the_search_slow():
    begun = time.perf_counter()
    assert wildcards("/" + "*a" * 30 + "*b").fullmatch("/" + "a" * 60_000) is None
    assert time.perf_counter() - begun < 2
