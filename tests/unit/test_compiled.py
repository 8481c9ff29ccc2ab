"""Compiled twins are used while they are what the sources say, all or none."""

import json
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from scripts.compile import MODULES, source

from airside import compiled

WHERE = "import airside.identity.sigv4 as m; print(m.__file__)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    manifest = {module: compiled.fingerprint(source(module)) for module in MODULES}
    (tmp_path / compiled.MANIFEST).write_text(json.dumps(manifest))
    return tmp_path


def test_what_was_made_from_these_sources_is_fresh(folder):
    assert compiled.is_fresh(folder)


def test_one_source_of_another_content_makes_all_stale(folder):
    manifest = json.loads((folder / compiled.MANIFEST).read_text())
    manifest[MODULES[0]] += 1
    (folder / compiled.MANIFEST).write_text(json.dumps(manifest))
    assert not compiled.is_fresh(folder)


def test_a_module_that_is_gone_makes_all_stale(folder):
    manifest = json.loads((folder / compiled.MANIFEST).read_text())
    (folder / compiled.MANIFEST).write_text(json.dumps({**manifest, "airside.gone": 1}))
    assert not compiled.is_fresh(folder)


def test_nothing_compiled_is_not_fresh(tmp_path):
    assert not compiled.is_fresh(tmp_path)


def test_only_modules_that_were_compiled_are_found(folder):
    file = folder / f"airside/identity/sigv4{EXTENSION_SUFFIXES[0]}"
    file.parent.mkdir(parents=True)
    file.touch()
    finder = compiled.CompiledFinder(folder)
    found = finder.find_spec("airside.identity.sigv4")
    assert found is not None
    assert found.origin == str(file)
    assert finder.find_spec("airside.identity.policy") is None
    assert finder.find_spec("airside") is None


def test_the_compiled_modules_are_what_runs():
    if not compiled.is_fresh(compiled.FOLDER):
        pytest.skip("nothing is compiled from these sources: make compile")
    assert where().startswith(str(compiled.FOLDER))


def test_a_setting_runs_the_sources():
    assert where(AIRSIDE_SOURCE="1") == str(source("airside.identity.sigv4"))


def where(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WHERE], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
