"""Airside: a serverless cloud in a Python package, speaking AWS's wire protocols."""

__version__ = "0.1.0"
