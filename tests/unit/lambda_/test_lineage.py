"""Counting how often a chain of requests comes through a function."""

from airside.services.lambda_.lineage import passed

ROOT = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"


def test_each_pass_counts_for_its_function_alone():
    trace, passes = passed(ROOT, "a")
    assert (trace.startswith(ROOT + ";Lineage="), passes) == (True, 1)
    for expected in (1, 2, 3):
        trace, passes = passed(trace, "b")
        assert passes == expected
    assert passed(trace, "a")[1] == 2
    assert passed(ROOT, "b")[1] == 1, "another chain"


def test_the_rest_of_the_header_stays_and_a_long_lineage_is_cut():
    trace, _ = passed("Root=1-2-3;Lineage=00000000:4;Self=x", "a")
    assert trace.startswith("Root=1-2-3;Self=x;Lineage=")
    assert trace.endswith("|00000000:4")
    for number in range(30):
        trace, _ = passed(trace, f"f{number}")
    assert len(trace) < 200
    assert passed(trace, "f29")[1] == 2


def test_a_lineage_that_is_none_does_no_harm():
    for text in (
        "",
        "Lineage=",
        "Root=1;Lineage=;",
        "Root=1;Lineage=x|y:z|:",
        "Root=1;Lineage=²:²",
    ):
        assert passed(text, "a")[1] == 1
