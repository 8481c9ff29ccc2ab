"""The tree stays readable: sizes, banned words, no traces of where it was made."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=name)
def test_a_module_fits_a_mind(path):
    assert len(path.read_text().splitlines()) <= MODULE_LINES_MAX


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_function_fits_a_screen(path):
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text())), "no module docstring"


def test_nothing_is_left_for_later():
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = [
        f"{name(path)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


def test_the_clock_randomness_and_environment_come_in_through_the_context():
    banned = re.compile(r"\b(time\.time\(|datetime\.now\(|uuid4\(|os\.environ|os\.getenv)")
    allowed = ("kernel/clock.py", "kernel/ids.py", "settings.py", "compiled.py", "cli/", "runtime/")
    found = [
        f"{name(path)}:{number}"
        for path in SOURCES
        if not any(part in name(path) for part in allowed)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if banned.search(line)
    ]
    assert found == []


def test_no_emulator_is_a_dependency():
    text = (ROOT / "pyproject.toml").read_text()
    assert not re.search(r'"(moto|localstack|ministack)', text)


def test_no_file_names_the_machine_it_was_made_on():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    traces = re.compile("/" + r"work/(main|shared|\.)|\." + r"library/|/opt/" + "pypi")
    found = []
    for listed_name in filter(None, listed.split("\0")):
        path = ROOT / listed_name
        if path.suffix in {".png", ".jpg", ".gz"} or not path.is_file():
            continue
        if traces.search(path.read_text(errors="replace")):
            found.append(listed_name)
    assert found == []


def test_nothing_is_kept_that_is_to_be_ignored():
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    command = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert listed.stdout.split("\n")[:-1] == []
