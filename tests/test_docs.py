"""What is documented is what there is."""

import re
from pathlib import Path

import pytest
from scripts.generate import FOLDER, pages

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", sorted(pages()))
def test_generated_pages_are_fresh(name):
    path = FOLDER / name
    assert path.exists() and path.read_text() == pages()[name], "run `make generate`"


def test_links_between_pages_lead_somewhere():
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            away = target.startswith(("http://", "https://", "mailto:"))
            if not away and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert broken == []


def test_every_promise_names_its_benchmark():
    text = (ROOT / "SPECIFICATION.md").read_text()
    named = set(re.findall(r"`benchmarks/([a-z_]+)\.py`", text))
    assert named, "no benchmark is named"
    for one in named:
        assert (ROOT / "benchmarks" / f"{one}.py").exists(), one
