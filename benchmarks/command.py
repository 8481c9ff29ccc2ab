"""The command lines of the benchmarks."""

import argparse
from collections.abc import Iterable


def parser(module: str, text: str) -> argparse.ArgumentParser:
    """For `python -m MODULE`, explained by the module's docstring."""
    return argparse.ArgumentParser(
        f"python -m {module}", description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip


def add_names(command: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """Take any number of `names`."""
    known = list(names)

    def name(given: str) -> str:
        if given not in known:
            raise argparse.ArgumentTypeError(f"{given!r} is none of {', '.join(known)}")
        return given

    command.add_argument("names", nargs="*", type=name, metavar="NAME",
                         help=f"what to measure: {', '.join(known)}")  # fmt: skip


def chosen(
    module: str, text: str, names: Iterable[str], unless_named: Iterable[str] = ()
) -> list[str]:
    """The names on the command line; without any, all but `unless_named`."""
    known = list(names)
    command = parser(module, text)
    add_names(command, known)
    given: list[str] = command.parse_args().names
    return given or [name for name in known if name not in set(unless_named)]
