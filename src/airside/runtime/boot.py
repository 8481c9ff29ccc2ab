"""How the server starts a Python process that runs one module of `guest/` and little else."""

from pathlib import Path

GUEST = Path(__file__).with_name("guest")

# Parents are empty shells: neither `airside/__init__.py` nor `airside/runtime/__init__.py` runs.
_BOOT = """\
import sys
from types import ModuleType
for name in ("airside", "airside.runtime", "airside.runtime.guest"):
    shell = sys.modules[name] = ModuleType(name)
    shell.__path__ = [{guest!r}] if name.endswith("guest") else []
from airside.runtime.guest.{module} import main
main()
"""


def command(interpreter: str, module: str, guest: str = str(GUEST)) -> list[str]:
    """The argument vector that runs `guest/<module>.py`; more arguments may follow.

    `-I -S`: nothing of the caller's environment or site-packages gets in. `-B`: no .pyc written.
    """
    return [interpreter, "-I", "-S", "-B", "-c", _BOOT.format(guest=guest, module=module)]
