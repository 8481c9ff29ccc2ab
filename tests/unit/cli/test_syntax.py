"""What is said of saved code that cannot be read."""

import shutil
from pathlib import Path

import pytest

from airside.cli.syntax import problems

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js here")


def _said(folder: Path, name: str, text: str) -> str | None:
    path = folder / name
    path.write_text(text)
    return problems([path]).get(path)


def test_python(tmp_path: Path) -> None:
    assert _said(tmp_path, "app.py", "def handler(e, c):\n    return 1\n") is None
    wrong = _said(tmp_path, "app.py", "x = 1\ndef handler(e, c)\n    return 1\n")
    assert wrong is not None and wrong.startswith("2: expected ':'")
    assert _said(tmp_path, "data.json", "{") is None


@needs_node
@pytest.mark.parametrize("name", ["index.js", "index.cjs"])
def test_scripts(tmp_path: Path, name: str) -> None:
    assert _said(tmp_path, name, "exports.handler = async () => 1;\n") is None
    wrong = _said(tmp_path, name, "\nexports.handler = async (=> 1;\n")
    assert wrong == "2: SyntaxError: Unexpected token '=>'"


@needs_node
@pytest.mark.parametrize("name", ["index.js", "index.mjs"])
def test_modules(tmp_path: Path, name: str) -> None:
    good = "import { x } from './x.js';\nexport const handler = async () => x;\nawait x;\n"
    assert _said(tmp_path, name, good) is None
    wrong = _said(
        tmp_path, name, "import x from 'y';\nexport const handler = async () => { let 5 };\n"
    )
    assert wrong is not None and wrong.startswith("2: SyntaxError: ")


def test_a_file_that_has_gone_is_no_problem(tmp_path: Path) -> None:
    assert problems([tmp_path / "gone.py", tmp_path / "gone.js"]) == {}


@needs_node
def test_a_package_says_what_its_files_are(tmp_path: Path) -> None:
    wrong = "const late = await 1; let 5;\n"
    assert "SyntaxError" in (_said(tmp_path, "index.js", "await 1;\n") or "")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    assert _said(tmp_path, "index.js", "await 1;\n") is None
    assert "SyntaxError" in (_said(tmp_path, "index.js", wrong) or "")
