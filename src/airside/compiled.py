"""Uses the compiled twins of hot modules, while they are what the sources say.

Installing makes them, and so does `make compile`. They are used all or none: compiled modules call
each other directly, so one that is out of date would call past its neighbours. Whoever edits one of
the sources runs from source from then on, until the next compilation; `AIRSIDE_SOURCE=1` does so at
once (profilers and debuggers see more). Why: docs/adr/0012-compiled-hot-path.md.
"""

import json
import os
import sys
import zlib
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

_PACKAGE = Path(__file__).parent
FOLDER = _PACKAGE / "_compiled" / EXTENSION_SUFFIXES[0].strip(".")
MANIFEST = "manifest.json"


class CompiledFinder:
    """Finds modules in a folder of their own, before the import system looks at the sources."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The compiled module of that name, if there is one."""
        file = self._folder / (name.replace(".", "/") + EXTENSION_SUFFIXES[0])
        if not file.exists():
            return None
        return spec_from_file_location(name, file, loader=ExtensionFileLoader(name, str(file)))


def fingerprint(source: Path) -> int:
    """What changes when a source does."""
    return zlib.crc32(source.read_bytes())


def is_fresh(folder: Path) -> bool:
    """Whether all that was compiled there is from the sources as they are."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        return all(
            fingerprint(_PACKAGE.parent / (name.replace(".", "/") + ".py")) == made_from
            for name, made_from in manifest.items()
        )
    except (OSError, ValueError):
        return False


def install() -> bool:
    """Prefer compiled modules from now on; whether there are any."""
    if os.environ.get("AIRSIDE_SOURCE") or not is_fresh(FOLDER):  # noqa: TID251
        return False
    sys.meta_path.insert(0, CompiledFinder(FOLDER))
    return True
