"""The diffs in docs/contributing show code that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_DIFF = re.compile(r"```diff\n # (\S+)\n(.*?)```", re.DOTALL)

DIFFS = [
    pytest.param(path, added, id=f"{page.stem}: {path}")
    for page in sorted((ROOT / "docs/contributing").glob("*.md"))
    for path, added in _DIFF.findall(page.read_text(encoding="utf-8"))
]


def test_every_page_shows_a_diff() -> None:
    """A page without one tells and does not show; rooms.md is a drawing."""
    pages = {page.stem for page in (ROOT / "docs/contributing").glob("*.md")} - {"rooms"}

    assert {str(each.id).partition(":")[0] for each in DIFFS} == pages


@pytest.mark.parametrize(("path", "added"), DIFFS)
def test_a_diff_shows_lines_of_the_file_that_it_names(path: str, added: str) -> None:
    """Write the lines of the file into the page again, or leave lines out with `…`."""
    there = {line.strip() for line in (ROOT / path).read_text(encoding="utf-8").splitlines()}
    shown = [line[1:].strip() for line in added.splitlines() if line.startswith("+")]

    assert [line for line in shown if line and "…" not in line and line not in there] == []
