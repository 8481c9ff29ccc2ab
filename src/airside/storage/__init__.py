"""Ordered keys with transactions, blobs beside them, and branches of both."""

from airside.storage.blobs import FileBlobs
from airside.storage.errors import (
    BranchExists,
    CommitFailed,
    DataDirDamaged,
    DataDirInUse,
    StorageError,
    StoreClosed,
    UnknownBranch,
)
from airside.storage.family import StoreFamily
from airside.storage.keys import after, pack, prefix_range, starting_with, unpack
from airside.storage.memory import MemoryBlobs, MemoryStore
from airside.storage.sqlite import SqliteStore
from airside.storage.worker import Worker

__all__ = [
    "BranchExists",
    "CommitFailed",
    "DataDirDamaged",
    "DataDirInUse",
    "FileBlobs",
    "MemoryBlobs",
    "MemoryStore",
    "SqliteStore",
    "StorageError",
    "StoreClosed",
    "StoreFamily",
    "UnknownBranch",
    "Worker",
    "after",
    "pack",
    "prefix_range",
    "starting_with",
    "unpack",
]
