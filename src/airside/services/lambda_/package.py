"""Deployment packages: looking into a zip and unpacking it. Runs in a worker thread."""

import base64
import hashlib
import io
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

from airside.services.lambda_ import errors, limits

_SDK = (b"boto3", b"botocore")
_SCAN_BYTES_MAX = 32 * 1024 * 1024
_SKIPPED = {"node_modules", ".git", ".venv", "venv", "__pycache__", ".aws-sam"}


class Contents(NamedTuple):
    """What there is to know about a package."""

    sha256: str
    size: int
    own_boto3: bool
    uses_boto3: bool
    unzipped: int
    """Bytes of its files."""


def bad_zip() -> errors.InvalidParameterValueException:
    """What AWS says to anything that is not a zip file."""
    return errors.InvalidParameterValueException(
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
        Type="User",
    )


def too_large() -> errors.InvalidParameterValueException:
    """What AWS says to more than a function may be."""
    return errors.InvalidParameterValueException(
        f"Unzipped size must be smaller than {limits.UNZIPPED_BYTES_MAX} bytes", Type="User"
    )


def check_together(code_bytes: int, layers: list[dict[str, Any]]) -> None:
    """Refuse code that is too much with its layers. Raises InvalidParameterValueException."""
    total = code_bytes + sum(each.get("Unzipped", 0) for each in layers)
    if layers and total > limits.UNZIPPED_BYTES_MAX:
        raise errors.InvalidParameterValueException(
            "Function code combined with layers exceeds the maximum allowed size of "
            f"{limits.UNZIPPED_BYTES_MAX} bytes. The actual size is {total} bytes.", Type="User",
        )  # fmt: skip


def inspect_zip(data: bytes) -> Contents:
    """Check a zip's limits and see what it needs. Raises InvalidParameterValueException."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check(entries)
            names = {entry.filename for entry in entries}
            unzipped = sum(entry.file_size for entry in entries)
            own = any(name.startswith(("boto3/", "python/boto3/")) for name in names)
            uses = own or _mentions_sdk(archive, entries)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise bad_zip() from None
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return Contents(digest, len(data), own, uses, unzipped)


def inline_zip(source: str, runtime: str) -> bytes:
    """The package of a template's inline code: one file that the handler `index.x` names."""
    name = "index.py" if runtime.startswith("python") else "index.js"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo(name)  # of 1980, so that equal code has an equal hash
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, source)
    return buffer.getvalue()


def inspect_folder(folder: Path) -> Contents:
    """The same for a person's own folder, which is used in place."""
    own = (folder / "boto3").is_dir()
    uses = own
    size = 0
    for path in _files(folder):
        size += path.stat().st_size
        if not uses and path.suffix == ".py" and size < _SCAN_BYTES_MAX:
            content = path.read_bytes()
            uses = any(word in content for word in _SDK)
    digest = base64.b64encode(hashlib.sha256(str(folder).encode()).digest()).decode()
    return Contents(digest, size, own, uses, size)


def unpack(zip_path: Path, folder: Path) -> None:
    """Unpack a zip into `folder`, which appears whole or not at all."""
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    # A folder of this call's own: functions that share a package are often created at once.
    scratch = Path(tempfile.mkdtemp(prefix=folder.name + ".new", dir=folder.parent))
    links: list[tuple[Path, str]] = []
    with zipfile.ZipFile(zip_path) as archive:
        for entry in archive.infolist():
            target = scratch / entry.filename
            mode = entry.external_attr >> 16
            if entry.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if stat.S_ISLNK(mode):
                links.append((target, archive.read(entry).decode()))
                continue
            with archive.open(entry) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
            target.chmod(stat.S_IMODE(mode) & 0o755 | 0o444 if mode else 0o644)
    for path, target_text in links:  # last, so that nothing is written through a link
        path.unlink(missing_ok=True)
        path.symlink_to(target_text)
    scratch.chmod(0o755)
    try:
        scratch.rename(folder)
    except OSError:  # another one was quicker
        shutil.rmtree(scratch, ignore_errors=True)


def remove_leftovers(functions: Path, before: float) -> None:
    """Remove what crashes have left of unpacking, `before` the server was started."""
    for path in functions.glob("*.new*"):
        try:
            if path.stat().st_mtime < before:
                shutil.rmtree(path, ignore_errors=True)
        except FileNotFoundError:
            continue


def _check(entries: list[zipfile.ZipInfo]) -> None:
    if not entries:
        raise errors.InvalidParameterValueException(
            "Uploaded file must be a non-empty zip", Type="User"
        )
    if sum(entry.file_size for entry in entries) > limits.UNZIPPED_BYTES_MAX:
        raise too_large()
    for entry in entries:
        parts = Path(entry.filename).parts
        if entry.filename.startswith(("/", "\\")) or ".." in parts:
            raise bad_zip()


def _mentions_sdk(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> bool:
    budget = _SCAN_BYTES_MAX
    for entry in entries:
        if not entry.filename.endswith(".py"):
            continue
        budget -= entry.file_size
        if budget < 0:
            return True
        content = archive.read(entry)
        if any(word in content for word in _SDK):
            return True
    return False


def _files(folder: Path) -> list[Path]:
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            if path.name not in _SKIPPED:
                found += _files(path)
        elif path.is_file():
            found.append(path)
    return found
