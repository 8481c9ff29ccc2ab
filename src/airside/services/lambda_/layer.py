"""The records of layers, and how several become one folder. Pure, but for the merging."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

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


def merged_name(folders: list[Path]) -> str:
    """The name of the folder that holds these layers together."""
    text = "\n".join(folder.name for folder in folders)
    return "opt-" + hashlib.sha256(text.encode()).hexdigest()


def merge(folders: list[Path], target: Path) -> None:
    """Lay layers over each other, the later ones on top, by hard links; all or nothing."""
    if target.exists():
        return
    scratch = Path(tempfile.mkdtemp(prefix=target.name + ".new", dir=target.parent))
    for folder in folders:
        for root, names, files in os.walk(folder):
            place = scratch / Path(root).relative_to(folder)
            place.mkdir(exist_ok=True)
            for name in [*files, *(each for each in names if (Path(root) / each).is_symlink())]:
                _link(Path(root) / name, place / name)
    scratch.chmod(0o755)
    try:
        scratch.rename(target)
    except OSError:  # another one was quicker
        shutil.rmtree(scratch, ignore_errors=True)


def _link(source: Path, target: Path) -> None:
    if target.is_symlink() or target.is_file():
        target.unlink()
    elif target.is_dir():
        shutil.rmtree(target)
    if source.is_symlink():
        target.symlink_to(source.readlink())
    else:
        target.hardlink_to(source)
