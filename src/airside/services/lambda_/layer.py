"""The records of layers, and how several become one folder. Pure, but for the merging."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from airside.services.lambda_.folders import look
from airside.services.lambda_.function import Code


class LayerVersion(Struct, kw_only=True):
    """One version of a layer."""

    account_id: str
    region: str
    name: str
    version: int
    description: str
    license_info: str
    runtimes: list[str] | None
    architectures: list[str] | None
    code: Code
    created_at: float
    statements: list[dict[str, Any]] = msgspec.field(default_factory=list)
    revision_id: str = ""

    @property
    def layer_arn(self) -> str:
        """Without the version."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:layer:{self.name}"

    @property
    def arn(self) -> str:
        """With the version."""
        return f"{self.layer_arn}:{self.version}"


def merged(folders: list[Path], functions: Path) -> Path:
    """The folder below `functions` that holds these layers together, made when it is not there.

    Its name says what it was made of: of a layer that a person works on, the state of its files.
    """
    marks = [
        folder.name if folder.parent == functions else repr((folder, look(folder)))
        for folder in folders
    ]
    target = functions / f"opt-{hashlib.sha256(chr(10).join(marks).encode()).hexdigest()}"
    if not target.exists():
        _merge(folders, target)
    return target


def _merge(folders: list[Path], target: Path) -> None:
    """Lay layers over each other, the later ones on top; all or nothing."""
    scratch = Path(tempfile.mkdtemp(prefix=target.name + ".new", dir=target.parent))
    for folder in folders:
        for root, names, files in os.walk(folder):
            place = scratch / Path(root).relative_to(folder)
            place.mkdir(exist_ok=True)
            for name in [*files, *(each for each in names if (Path(root) / each).is_symlink())]:
                _lay(Path(root) / name, place / name)
    scratch.chmod(0o755)
    try:
        scratch.rename(target)
    except OSError:  # another one was quicker
        shutil.rmtree(scratch, ignore_errors=True)


def _lay(source: Path, target: Path) -> None:
    """By a link where it can be: what a person works on may lie on another disk."""
    if target.is_symlink() or target.is_file():
        target.unlink()
    elif target.is_dir():
        shutil.rmtree(target)
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
