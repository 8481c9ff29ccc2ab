"""`make compile`: the modules that every request passes, as machine code.

`python -m scripts.compile` does nothing while what is there is fresh; `--force` compiles anyway.
mypyc translates the modules to C, and the C compiler of the machine does the rest. The result lies
in `src/airside/_compiled`, beside the sources and never instead of them: `airside.compiled` uses it
while it is exactly what the sources say. Without a C compiler nothing is lost but speed. `setup.py`
runs this whenever the package is installed.
"""

import json
import shutil
import sys
from pathlib import Path

from setuptools import Distribution
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError, CCompilerError

from airside.compiled import FOLDER, MANIFEST, fingerprint, is_fresh

SOURCES = Path(__file__).parents[1] / "src"
MODULES = (
    "airside.edge.authentication",
    "airside.edge.authorization",
    "airside.edge.exchange",
    "airside.edge.http",
    "airside.edge.pipeline",
    "airside.edge.route",
    "airside.identity.sigv4",
    "airside.kernel.context",
    "airside.protocol.codec",
    "airside.protocol.json",
    "airside.protocol.json_values",
    "airside.protocol.validation",
    "airside.services.dynamodb.arns",
    "airside.services.dynamodb.capacity",
    "airside.services.dynamodb.expressions.condition",
    "airside.services.dynamodb.expressions.key_condition",
    "airside.services.dynamodb.expressions.operands",
    "airside.services.dynamodb.expressions.placeholders",
    "airside.services.dynamodb.expressions.projection",
    "airside.services.dynamodb.expressions.update",
    "airside.services.dynamodb.key_ranges",
    "airside.services.dynamodb.keys",
    "airside.services.dynamodb.mutation",
    "airside.services.dynamodb.numbers",
    "airside.services.dynamodb.parameters",
    "airside.services.dynamodb.partiql.bindings",
    "airside.services.dynamodb.partiql.columns",
    "airside.services.dynamodb.reading",
    "airside.services.dynamodb.validation",
    "airside.services.dynamodb.values",
    "airside.storage.layer",
    "airside.storage.overlay",
    "airside.storage.view",
)
"""Only what a profile shows to be hot; what mypyc cannot translate (generators that are
asynchronous, msgspec's classes, classes that others inherit from) stays out."""


def main() -> int:
    """Compile unless what is there is fresh; 1 when mypyc cannot translate what is written."""
    if "--force" not in sys.argv and is_fresh(FOLDER):
        return 0
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


def source(module: str) -> Path:
    """Where a module is written."""
    return SOURCES / (module.replace(".", "/") + ".py")


def build() -> None:
    """Run mypyc and the C compiler, out of the way of the sources."""
    from mypyc.build import mypycify  # a tool of developers: whoever only installs may lack it

    scratch = SOURCES.parent / "build" / "mypyc"
    sources = [str(source(module)) for module in MODULES]
    extensions = mypycify(
        ["--config-file=", "--ignore-missing-imports", "--follow-imports=silent", *sources],
        opt_level="2", debug_level="0", target_dir=str(scratch),
    )  # fmt: skip
    command = build_ext(Distribution({"name": "airside", "ext_modules": extensions}))
    command.build_lib = str(FOLDER)
    command.build_temp = str(scratch)
    command.parallel = 2
    command.ensure_finalized()
    command.run()
    shutil.rmtree(scratch, ignore_errors=True)


def say(text: str) -> None:
    """One line for whoever waits."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
