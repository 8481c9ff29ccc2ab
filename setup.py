"""The package is as `pyproject.toml` says; installing it also compiles its hot modules."""

import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "src"))

from scripts.compile import main as compile_modules


class CompileFirst(build_py):
    """Python sources, and what a C compiler made of some of them."""

    def run(self) -> None:
        """Compile, then gather the package's files."""
        compile_modules()
        super().run()


class Compiled(Distribution):
    """Its wheel is for one platform."""

    def has_ext_modules(self) -> bool:
        """Whether machine code is inside."""
        return True


setup(cmdclass={"build_py": CompileFirst}, distclass=Compiled)
