"""What people see is what was said, brackets and all."""

import io

import pytest
from rich.console import Console

from airside.cli import display
from airside.cli.sites.commands import _when


@pytest.fixture
def terminal(monkeypatch):
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=100, color_system=None)
    for stream in (display.out, display.err):
        monkeypatch.setitem(stream.__dict__, "console", console)
    return shown


@pytest.mark.parametrize("text", ["first [x] try", "[/red]", "[bold]no", "a\\[b]"])
def test_brackets_are_no_markup(terminal, text):
    display.table(("what", ">n"), [(text, "1")])
    display.say(f"[bold]{display.plain(text)}[/bold]")
    assert terminal.getvalue().count(text) == 2


def test_moments_are_told_in_the_time_of_the_place(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert _when("2026-11-23T16:17:16Z") == "2026-11-24 01:17:16"
        assert _when(None) == ""
    finally:
        monkeypatch.undo()
        time.tzset()
