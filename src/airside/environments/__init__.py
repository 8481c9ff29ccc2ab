"""Environments: whole clouds side by side, each a branch of the store with keys of its own."""

from airside.environments.collection import BlobCollection
from airside.environments.directory import Environments

__all__ = ["BlobCollection", "Environments"]
