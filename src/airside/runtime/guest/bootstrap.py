"""Starts the Python runtime client as a program: what AWS_LAMBDA_EXEC_WRAPPER is given to run.

Stands at /var/runtime/bootstrap.py, as on AWS.
"""

import os
import sys
from types import ModuleType


def main() -> None:
    """Load the client from the folder of ours that stands beside this file, or around it."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    beside = f"{here}/_guest"
    guest = beside if os.path.isdir(beside) else here  # noqa: PTH112
    for name in ("airside", "airside.runtime", "airside.runtime.guest"):
        shell = sys.modules[name] = ModuleType(name)
        shell.__path__ = [guest] if name.endswith("guest") else []
    from airside.runtime.guest import standalone

    standalone.begin()


if __name__ == "__main__":
    main()
