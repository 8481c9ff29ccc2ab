"""What people see: colour and tables in a terminal, plain lines in a pipe."""

import sys
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


class Stream:
    """A console, made when something is printed: a quiet command does not load rich."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._stderr = stderr

    @cached_property
    def console(self) -> "Console":
        """What rich draws on."""
        from rich.console import Console

        return Console(stderr=self._stderr, highlight=False, soft_wrap=True)

    @property
    def is_terminal(self) -> bool:
        """Whether somebody looks on."""
        return self.console.is_terminal

    def print(self, *what: Any, **how: Any) -> None:
        """As rich does: markup, tables, colour where there is any."""
        self.console.print(*what, **how)

    def out(self, text: str) -> None:
        """Plain, whatever is in it."""
        self.console.out(text)


out = Stream()
err = Stream(stderr=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """A table in a terminal; tab-separated lines in a pipe. A column named `>x` is set right."""
    rows = list(rows)
    if not out.is_terminal:
        for row in rows:
            sys.stdout.write("\t".join(row) + "\n")
        return
    from rich.table import Table

    shown = Table(title=title or None, title_justify="left", header_style="bold", box=None,
                  pad_edge=False, padding=(0, 2, 0, 0))  # fmt: skip
    for column in columns:
        shown.add_column(
            column.removeprefix(">"), justify="right" if column.startswith(">") else "left",
            overflow="fold",
        )  # fmt: skip
    for row in rows:
        shown.add_row(*map(plain, row))
    out.print(shown)


def plain(text: str) -> str:
    """Somebody else's text, safe to stand among markup: its brackets are brackets."""
    from rich.markup import escape

    return escape(text)


def say(text: str) -> None:
    """A line of news, on standard error, so that standard output stays for results."""
    err.print(text)


def dollars(amount: float) -> str:
    """Dollars with as many digits as small amounts need."""
    if amount == 0:
        return "$0"
    if amount < 0.01:
        return f"${amount:.8f}".rstrip("0")
    return f"${amount:,.4f}" if amount < 1 else f"${amount:,.2f}"


def amount(quantity: float) -> str:
    """A quantity, whole when it is whole."""
    if quantity == int(quantity):
        return f"{int(quantity):,}"
    return f"{quantity:,.6f}".rstrip("0") if quantity < 1 else f"{quantity:,.3f}"
