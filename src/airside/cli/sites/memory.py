"""What this machine remembers of a folder, so that files that did not change are not read again."""

import hashlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from airside.cli.sites.files import File, etag_of

_FRESH_NANOSECONDS = 2_000_000_000
"""A file changed within this time of being read may change again without its time changing."""

Remembered = tuple[int, int, str]
"""Size, time of change, and the ETag the bucket gave it."""


@dataclass
class Memory:
    """Name -> what was seen. A cache: losing it costs time only."""

    path: Path
    seen: dict[str, Remembered] = field(default_factory=dict)
    changed: bool = False

    @classmethod
    def of(cls, place: str, site: str, folder: Path) -> "Memory":
        """The memory of a folder that goes to a site at a place."""
        name = hashlib.sha256(f"{place}\n{site}\n{folder.resolve()}".encode()).hexdigest()[:32]
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        path = base / "airside" / "sites" / f"{name}.json"
        try:
            seen = msgspec.json.decode(path.read_bytes(), type=dict[str, Remembered])
        except (OSError, msgspec.MsgspecError):
            seen = {}
        return cls(path, seen)

    def is_same(self, name: str, file: File, etag: str) -> bool:
        """Whether the file is what the bucket has under this ETag; reads it only if it must."""
        known = self.seen.get(name)
        if known is not None and known[:2] == (file.size, file.changed) and known[2] == etag:
            return True
        if etag_of(file.path, etag) != etag:
            return False
        self.remember(name, file, etag)
        return True

    def remember(self, name: str, file: File, etag: str) -> None:
        """Keep what was seen, unless the file is too fresh to tell."""
        if time.time_ns() - file.changed < _FRESH_NANOSECONDS:
            return
        self.seen[name] = (file.size, file.changed, etag)
        self.changed = True

    def save(self, names: set[str]) -> None:
        """Write down what is known of `names`. A folder that cannot be written to is no error."""
        if not self.changed:
            return
        kept = {name: seen for name, seen in self.seen.items() if name in names}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self.path.with_suffix(f".{os.getpid()}")
            temporary.write_bytes(msgspec.json.encode(kept))
            temporary.replace(self.path)
        except OSError:
            return
