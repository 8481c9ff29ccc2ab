"""`make compile`: the modules that every request passes, as machine code.

`python -m scripts.compile` does nothing while what is there is fresh; `--force` compiles anyway,
and `--check` only finds out whether mypyc can translate them, which takes seconds.

mypyc translates the modules to C, and the C compiler of the machine does the rest. The result lies
in `src/airside/_compiled`, beside the sources and never instead of them: `airside.compiled` uses it
while it is exactly what the sources say. Without a C compiler nothing is lost but speed. `setup.py`
runs this whenever the package is installed.
"""

import ast
import json
import shutil
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError, CCompilerError

from airside.compiled import FOLDER, MANIFEST, fingerprint, is_fresh

SOURCES = Path(__file__).parents[1] / "src"
REQUESTS = (
    "airside.edge.answers",
    "airside.edge.authentication",
    "airside.edge.authorization",
    "airside.edge.exchange",
    "airside.edge.hosts",
    "airside.edge.http",
    "airside.edge.pipeline",
    "airside.edge.route",
    "airside.identity.sigv4",
    "airside.kernel.cloud",
    "airside.kernel.context",
    "airside.kernel.ids",
    "airside.kernel.journal",
    "airside.metering.meter",
    "airside.protocol.codec",
    "airside.protocol.json",
    "airside.protocol.json_values",
    "airside.protocol.kept",
    "airside.protocol.rest",
    "airside.protocol.rest_json",
    "airside.protocol.rest_xml",
    "airside.protocol.routing",
    "airside.protocol.soundness",
    "airside.protocol.validation",
)
DATA = (
    "airside.runtime.environment",
    "airside.runtime.event_log",
    "airside.runtime.loglines",
    "airside.runtime.pool",
    "airside.runtime.program",
    "airside.services.cloudfront.quick",
    "airside.services.dynamodb.arns",
    "airside.services.dynamodb.capacity",
    "airside.services.dynamodb.charging",
    "airside.services.dynamodb.expressions.condition",
    "airside.services.dynamodb.expressions.key_condition",
    "airside.services.dynamodb.expressions.operands",
    "airside.services.dynamodb.expressions.placeholders",
    "airside.services.dynamodb.expressions.projection",
    "airside.services.dynamodb.expressions.update",
    "airside.services.dynamodb.key_checks",
    "airside.services.dynamodb.key_ranges",
    "airside.services.dynamodb.keys",
    "airside.services.dynamodb.mutation",
    "airside.services.dynamodb.numbers",
    "airside.services.dynamodb.parameters",
    "airside.services.dynamodb.partiql.bindings",
    "airside.services.dynamodb.partiql.columns",
    "airside.services.dynamodb.reading",
    "airside.services.dynamodb.records",
    "airside.services.dynamodb.validation",
    "airside.services.dynamodb.values",
    "airside.services.lambda_.concurrency_limit",
    "airside.services.lambda_.executor",
    "airside.services.lambda_.names",
    "airside.services.lambda_.statistics",
    "airside.storage.keys",
    "airside.storage.layer",
    "airside.storage.overlay",
    "airside.storage.view",
)
MODULES = REQUESTS + DATA
"""Only what a profile shows to be hot; what mypyc cannot translate (generators that are
asynchronous, msgspec's classes, classes that others inherit from) stays out. In two halves, so that
two cores can compile them."""


def main() -> int:
    """Compile unless what is there is fresh; 1 when mypyc cannot translate what is written."""
    if "--force" not in sys.argv and is_fresh(FOLDER) and compiled() == set(MODULES):
        return 0
    if "--check" in sys.argv:
        return check()
    shutil.rmtree(FOLDER, ignore_errors=True)
    say(f"compiling {len(MODULES)} modules: a minute, once")
    try:
        build()
    except SystemExit:
        say("mypyc cannot translate this: Airside runs from its sources, at half the speed")
        return 1
    except (BaseError, CCompilerError, ImportError) as error:
        say(f"not compiled, so Airside runs from its sources, at half the speed: {error}")
        shutil.rmtree(FOLDER, ignore_errors=True)
        return 0
    manifest = {name: fingerprint(source(name)) for name in MODULES}
    (FOLDER / MANIFEST).write_text(json.dumps(manifest, indent=1))
    return 0


def compiled() -> set[str]:
    """The modules that were compiled."""
    return set(json.loads((FOLDER / MANIFEST).read_bytes()))


def check() -> int:
    """Whether mypyc can translate the modules, and translates them right; 1 when not."""
    lines = [
        f"{source(module)}:{found.lineno}"
        for module in MODULES
        for found in awaits_while_handling(ast.parse(source(module).read_text()))
    ]
    for line in lines:
        say(f"{line}: an exception is lost, and the process may end, in an await that handles one")
    with TemporaryDirectory() as scratch:
        translate(Path(scratch))
    return 1 if lines else 0


def awaits_while_handling(tree: ast.AST) -> Iterator[ast.expr]:
    """The awaits below `except` and `finally`: mypyc 2.4 does not keep what is being handled."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Try):
            handling = [*(line for one in node.handlers for line in one.body), *node.finalbody]
            for line in handling:
                yield from (x for x in ast.walk(line) if isinstance(x, ast.Await | ast.YieldFrom))


def source(module: str) -> Path:
    """Where a module is written."""
    return SOURCES / (module.replace(".", "/") + ".py")


def build() -> None:
    """Run mypyc and the C compiler, out of the way of the sources."""
    scratch = SOURCES.parent / "build" / "mypyc"  # kept: an unchanged half is not compiled again
    command = build_ext(Distribution({"name": "airside", "ext_modules": translate(scratch)}))
    command.build_lib = str(FOLDER)
    command.build_temp = str(scratch)
    command.parallel = 2
    command.ensure_finalized()
    command.run()


def translate(scratch: Path) -> list[Extension]:
    """C in a folder, and how to compile it. Exits where mypyc refuses."""
    from mypyc.build import mypycify  # a tool of developers: whoever only installs may lack it

    halves = [[str(source(module)) for module in half] for half in (REQUESTS, DATA)]
    return mypycify(
        ["--config-file=", "--ignore-missing-imports", "--follow-imports=silent",
         *chain.from_iterable(halves)],
        opt_level="2", debug_level="0", target_dir=str(scratch),
        separate=[(half, name) for half, name in zip(halves, ("requests", "data"), strict=True)],
    )  # fmt: skip


def say(text: str) -> None:
    """One line for whoever waits."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
