"""What may go wrong in storage. None of it is a client's fault.

StorageError
├── CommitFailed      a group of transactions could not be made durable (disk full, I/O error)
├── StoreClosed       the store was closed before or while it was asked
├── DataDirInUse      another process has the data folder open
├── DataDirDamaged    the manifest is unreadable, names missing files, or is of a newer format
├── UnknownBranch     also a KeyError
└── BranchExists
"""


class StorageError(Exception):
    """The root of all of these."""


class CommitFailed(StorageError):
    """Nothing of the group is visible. After an I/O error it may yet appear after a crash."""


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
