"""The documentation is true: every Python block of it runs, and every metric, setting and verb has its place."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


def blocks(page: Path) -> list[tuple[int, str]]:
    """The Python blocks of a page with the lines they begin on."""
    text = page.read_text(encoding="utf-8")
    return [(text[: found.start()].count("\n") + 2, found[1]) for found in re.finditer(r"```python\n(.*?)```", text, re.DOTALL)]


PAGES = ["definitions.md", "tutorial.md", *sorted(f"definitions/{page.name}" for page in DOCS.glob("definitions/*.md"))]


@pytest.mark.parametrize("name", PAGES)
def test_every_block_of_the_page_runs_in_order(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = blocks(DOCS / name)
    assert len(found) >= (1 if "/" in name else 8)
    space: dict[str, object] = {}
    for line, code in found:
        # Blank lines in front, so that a traceback names the line of the page.
        exec(compile("\n" * (line - 1) + code, str(DOCS / name), "exec"), space)  # noqa: S102  # the page under test


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_python_reference_is_what_the_docstrings_say() -> None:
    """After changing a public name or docstring: python tools/python_reference.py > docs/reference/python.md"""
    told = subprocess.run(
        [sys.executable, "tools/python_reference.py"],
        cwd=DOCS.parent,
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert told.stdout == (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
