"""What the guides show runs as it is shown."""

import os
import re
import subprocess
import sys
from pathlib import Path

GUIDES = Path(__file__).parents[2] / "docs" / "guides"


def files_in(page: Path) -> dict[str, str]:
    """The Python blocks of a page that begin with a file's name."""
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    named = {re.match(r"# (\S+\.py)\n", block): block for block in blocks}
    return {match[1]: block for match, block in named.items() if match}


def test_the_suite_of_the_testing_guide_passes(tmp_path: Path) -> None:
    files = files_in(GUIDES / "testing.md")
    assert set(files) == {"conftest.py", "test_cart.py"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        check=False, capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "PATH": programs}, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout
