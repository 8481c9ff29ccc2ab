"""Ordered keys with transactions, blobs beside them, and branches of both."""

from airside.storage.keys import after, pack, prefix_range, starting_with, unpack
from airside.storage.memory import MemoryBlobs, MemoryStore

__all__ = [
    "MemoryBlobs",
    "MemoryStore",
    "after",
    "pack",
    "prefix_range",
    "starting_with",
    "unpack",
]
