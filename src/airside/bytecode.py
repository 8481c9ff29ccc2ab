"""Compiled modules, kept also where Python is told to leave none beside its sources.

Containers often say PYTHONDONTWRITEBYTECODE, and a package that is not compiled either is compiled
at each start, which takes longer than all the rest of it. So the server keeps what it compiles in
`~/.cache/airside`; Python itself sees to it that nothing outdated is used.
"""

import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path


def keep() -> None:
    """From now on, keep what is compiled, unless Python does or everything is compiled already."""
    if not sys.dont_write_bytecode or sys.pycache_prefix is not None:
        return
    if Path(cache_from_source(__file__)).exists():
        return
    with suppress(RuntimeError):  # nobody's home
        sys.pycache_prefix = str(Path.home() / ".cache" / "airside" / "bytecode")
        sys.dont_write_bytecode = False
