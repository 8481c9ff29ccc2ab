"""All the benchmarks behind SPECIFICATION.md, one after the other: some ten minutes.

Each has a command line of its own, see python -m benchmarks.dynamodb --help.
"""

import runpy
import sys

from benchmarks.command import chosen

ALL = ("startup", "functions", "dynamodb", "sites")


def main() -> None:
    """Run what is asked for."""
    for name in chosen("benchmarks", __doc__, ALL):
        sys.argv = [name]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
