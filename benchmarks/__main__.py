"""All the benchmarks behind SPECIFICATION.md, one after the other.

python -m benchmarks             everything
python -m benchmarks dynamodb sites some
"""

import runpy
import sys

ALL = ("startup", "functions", "dynamodb", "sites")


def main() -> None:
    """Run what is asked for."""
    chosen = sys.argv[1:] or ALL
    for name in chosen:
        sys.argv = [name]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
