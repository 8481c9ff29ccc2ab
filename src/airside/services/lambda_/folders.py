"""Whether a person's own folder, from which a function runs in place, has changed.

A saved file must be in use by the next event, so the folder is looked at before an event; but not
more often than every 100 ms, and less often where looking takes long.
"""

import os
from pathlib import Path

from airside.kernel import Clock

LOOK_SECONDS = 0.1
SHARE_OF_TIME_MAX = 0.05
"""How much of the time may go into looking."""
ENTRIES_MAX = 20_000
_IGNORED = frozenset(
    {"__pycache__", "node_modules", ".git", ".venv", ".pytest_cache", ".mypy_cache"}
)


class Folders:
    """The latest known state of each folder."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[Path, tuple[float, int]] = {}
        """Folder -> when to look again, and its state."""

    def state(self, folder: Path) -> int:
        """A number that is another one after any file was saved, added or removed."""
        now = self._clock.monotonic()
        known = self._known.get(folder)
        if known is not None and now < known[0]:
            return known[1]
        state = hash(tuple(look(folder)))
        took = self._clock.monotonic() - now
        pause = max(LOOK_SECONDS, took / SHARE_OF_TIME_MAX)
        self._known[folder] = (now + pause, state)
        return state


def look(folder: Path) -> list[tuple[str, int, int, int]]:
    """Every file below, with the times it was saved and changed and its bytes."""
    found: list[tuple[str, int, int, int]] = []
    waiting = [str(folder)]
    while waiting and len(found) < ENTRIES_MAX:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.name in _IGNORED:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        found.append((entry.path, *_state(entry)))
        except OSError:  # removed while we look: that is a change, too
            found.append(("", 0, 0, 0))
    return sorted(found)


def _state(entry: "os.DirEntry[str]") -> tuple[int, int, int]:
    """What is another after a save. Tools that copy times do not set the time of the change."""
    try:
        status = entry.stat()
    except OSError:  # a link to nothing: editors lock files with such
        return 0, 0, 0
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size
