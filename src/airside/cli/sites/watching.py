"""How a deploy shows itself: a bar in a terminal, a line per file in a pipe, nothing for JSON."""

import sys
import threading
from types import TracebackType

from airside.cli.display import err, out, plain, say


class Quiet:
    """Says nothing but warnings."""

    def __enter__(self) -> "Quiet":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Nothing to put away."""

    def looking(self, what: str) -> None:
        """Not shown."""

    def begin(self, count: int, size: int) -> None:
        """Not shown."""

    def done(self, what: str, name: str, size: int) -> None:
        """Not shown."""

    def warn(self, text: str) -> None:
        """On standard error."""
        say(f"[yellow]warning:[/yellow] {plain(text)}")


class Lines(Quiet):
    """A line per file on standard output."""

    def done(self, what: str, name: str, size: int) -> None:
        """`uploaded <tab> assets/app.js`."""
        sys.stdout.write(f"{what}\t{name}\n")


class Bar(Quiet):
    """A bar on standard error, gone when it is full."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(),
            TextColumn("{task.fields[count]}"), TextColumn("[dim]{task.fields[name]}[/dim]"),
            console=err.console, transient=True,
        )  # fmt: skip
        self._lock = threading.Lock()
        self._task = self._progress.add_task("Looking", total=None, count="", name="")
        self._files = self._done = self._bytes = self._size = 0

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._progress.stop()

    def looking(self, what: str) -> None:
        """What is going on when nothing is moved."""
        self._progress.update(self._task, description=plain(what), count="", name="")

    def begin(self, count: int, size: int) -> None:
        """`size` is 0 for copies, which move no bytes from here."""
        self._files, self._size = count, size
        self._progress.update(self._task, description="Deploying", total=size or count)
        self._show("")

    def done(self, what: str, name: str, size: int) -> None:
        """One further."""
        if what == "deleted":
            return
        with self._lock:
            self._done += 1
            self._bytes += size
            self._show(name[-40:])

    def _show(self, name: str) -> None:
        from rich.filesize import decimal

        moved = f", {decimal(self._bytes)} of {decimal(self._size)}" if self._size else ""
        self._progress.update(
            self._task, completed=self._bytes if self._size else self._done,
            count=f"{self._done:,} of {self._files:,} files{moved}", name=plain(name),
        )  # fmt: skip


def watcher(*, as_json: bool) -> Quiet:
    """The right one for where the output goes."""
    if as_json:
        return Quiet()
    return Bar() if err.is_terminal and out.is_terminal else Lines()
