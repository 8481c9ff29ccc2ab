"""Airside: a serverless cloud in a Python package, speaking AWS's wire protocols."""

from airside import compiled

__version__ = "0.1.0"

compiled.install()
