"""Environments: whole clouds side by side, each a branch of the store with keys of its own."""

from airside.environments.directory import Environments

__all__ = ["Environments"]
