"""The manifest: which layers each branch consists of, the top one first.

It is one JSON file, replaced as a whole: written under a temporary name, made durable, renamed.
Layers it doesn't name are leftovers of a change that did not happen, or of one that did.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from airside.storage.errors import DataDirDamaged

FORMAT = 1
NAME = "manifest.json"

Branches: TypeAlias = Mapping[str, tuple[int, ...]]


def load(folder: Path) -> Branches | None:
    """The branches, None when there is no manifest yet. Raises DataDirDamaged."""
    path = folder / NAME
    (folder / f"{NAME}.new").unlink(missing_ok=True)
    if not path.exists():
        return None
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != FORMAT:
            raise DataDirDamaged(f"{path} has format {document['format']}, not {FORMAT}.")
        return {name: tuple(layers) for name, layers in document["branches"].items()}
    except (ValueError, KeyError, TypeError) as error:
        raise DataDirDamaged(f"{path} is not a manifest: {error!r}") from error


def save(folder: Path, branches: Branches, *, durable: bool) -> None:
    """Replace the manifest. Blocks."""
    text = json.dumps({"format": FORMAT, "branches": branches}, indent=1)
    temporary = folder / f"{NAME}.new"
    write_file(temporary, text.encode(), durable=durable)
    temporary.replace(folder / NAME)
    if durable:
        sync_folder(folder)


def write_file(path: Path, content: bytes, *, durable: bool) -> None:
    """Write a new file. Blocks."""
    with path.open("wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Blocks."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
