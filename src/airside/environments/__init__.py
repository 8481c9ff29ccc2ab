"""Environments: whole clouds side by side, each a branch of the store with its own keys and bill."""

from airside.environments.directory import Environments

__all__ = ["Environments"]
