"""Which program runs a runtime."""

import pytest

from airside.runtime.interpreters import (
    Interpreters,
    RuntimeUnavailable,
    choose_node,
    choose_python,
)

NODES = {(20, 1, 0): "/a/node", (20, 11, 1): "/b/node", (24, 0, 0): "/c/node"}


def test_the_version_asked_for_is_taken_in_its_newest_form():
    assert choose_node("nodejs20.x", NODES)[:2] == ("/b/node", "20.11.1")
    assert choose_node("nodejs20.x", NODES).warning == ""


def test_else_the_nearest_with_a_warning():
    found = choose_node("nodejs18.x", NODES)
    assert found.path == "/b/node"
    assert found.warning == ("nodejs18.x is not on this machine: its functions run on nodejs20.x.")
    assert choose_python("python3.13", {11: "/p11", 12: "/p12"}) == ("/p12", 12)


def test_without_any_it_says_what_to_install():
    with pytest.raises(
        RuntimeUnavailable, match=r"install Node.js 22 so that `node` is in the PATH"
    ):
        choose_node("nodejs22.x", {})
    with pytest.raises(RuntimeUnavailable, match="java21"):
        Interpreters().find("java21")


def test_programs_of_ones_own_need_none():
    assert Interpreters().find("provided.al2023").path == ""
