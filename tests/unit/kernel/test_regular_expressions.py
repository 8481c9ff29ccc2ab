"""Users' regular expressions, and how long they may take."""

import time

import pytest

from airside.kernel.regular_expressions import Effort, PatternError, TooSlow

SLOW = r"(a|aa)+$"
SLOWED = "a" * 60 + "!"


def test_what_fits():
    effort = Effort()
    assert effort.search("b+", "abc")
    assert not effort.fullmatch("b+", "abc")
    assert effort.fullmatch(r"^(?=.*[A-Z])(?=.*\d)\p{L}.{3,}$", "Abcd1")
    assert not effort.fullmatch("a.b", "a\nb")
    assert effort.fullmatch("(?i)A.b", "a\nb", dotall=True)
    assert effort.count("a", "banana") == 3
    assert effort.replace("(a)", r"<\g<1>>", "banana", 2) == "b<a>n<a>na"
    assert effort.split(",", "a,b,c") == ["a", "b", "c"]
    assert effort.split(",", "a,b,c", 1) == ["a", "b,c"]


@pytest.mark.parametrize("pattern", ["(", "*", "[", r"\k<a>", "(" * 9000, "a" * 10_001])
def test_what_is_no_expression(pattern):
    with pytest.raises(PatternError):
        Effort().search(pattern, "text")


def test_a_reference_to_no_group():
    with pytest.raises(PatternError):
        Effort().replace("a", r"\g<7>", "a")


def test_all_expressions_of_one_effort_share_its_time():
    effort = Effort(0.05)
    begun = time.perf_counter()
    for _ in range(100):
        with pytest.raises(TooSlow):
            effort.search(SLOW, SLOWED)
    assert time.perf_counter() - begun < 5
