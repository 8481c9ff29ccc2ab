"""What may go wrong in storage. None of it is a client's fault.

StorageError
├── CommitFailed      a group of transactions could not be made durable (an I/O error)
│   └── DiskFull      there was no room for it, or for a blob
├── StoreClosed       the store was closed before or while it was asked
├── DataDirInUse      another process has the data folder open
├── DataDirDamaged    the manifest is unreadable, names missing files, or is of a newer format
├── UnknownBranch     also a KeyError
└── BranchExists
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class StorageError(Exception):
    """The root of all of these."""


class CommitFailed(StorageError):
    """Nothing of the group is visible. After an I/O error it may yet appear after a crash."""


class DiskFull(CommitFailed):
    """There is no room left."""


@contextmanager
def full_disk_told() -> Iterator[None]:
    """Raise DiskFull for what the system says when a file cannot grow."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(str(error)) from error
        raise


class StoreClosed(StorageError):
    """The store was closed."""


class DataDirInUse(StorageError):
    """Another process has the data folder open."""


class DataDirDamaged(StorageError):
    """What lies in the data folder cannot be opened safely."""


class UnknownBranch(StorageError, KeyError):
    """There is no branch of that name."""

    __str__ = Exception.__str__


class BranchExists(StorageError):
    """There is a branch of that name already."""
