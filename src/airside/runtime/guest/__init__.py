"""Programs that run outside the server, in processes of their own, on any Python >= 3.9.

They are started without executing this package's parents (see `boot.py`), so that a process
holds only what it needs.
"""
