"""`boxwatch explain` on a terminal, for machines, and while one types."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from support.artefacts import default_artefacts

from boxwatch.cli import main
from boxwatch.commands import progress

_BROKEN = "name: shop\nservers: 3\n"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a topology."""
    monkeypatch.chdir(tmp_path)


def _said(*arguments: str) -> str:
    done = CliRunner().invoke(main, ["explain", *arguments])
    assert done.exit_code == 0, done.stderr
    return done.stdout


def _completed(incomplete: str) -> list[str]:
    return [item.value for item in ShellComplete(main, {}, "boxwatch", "_X").get_completions(["explain"], incomplete)]


def test_piped_it_is_the_page_that_is_built() -> None:
    """To the byte."""
    assert _said("PostgresDown").encode() == default_artefacts()["runbooks/PostgresDown.md"]


def test_on_a_terminal_it_is_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the marks of Markdown, and with every step."""
    monkeypatch.setattr(progress, "on_terminal", lambda _: True)

    said = _said("PostgresDown")
    assert "## " not in said
    assert "```" not in said
    assert all(text in said for text in ("PostgresDown", "What it means", "pg_isready", "service:pages:bool"))


def test_it_lists_what_is_built() -> None:
    """One line each; the same for machines."""
    pages = {Path(path).stem for path in default_artefacts() if path.startswith("runbooks/")} - {"README"}

    assert {line.split()[0] for line in _said().splitlines()} == pages
    assert {one["name"] for one in json.loads(_said("--json"))} == pages


def test_names_are_completed_in_any_case() -> None:
    """Those of the topology that is here."""
    assert _completed("postgresconn") == ["PostgresConnectionsExhausted", "PostgresConnectionsHigh"]


def test_nothing_is_completed_from_a_topology_with_mistakes() -> None:
    """A shell shows no errors."""
    Path("topology.yaml").write_text(_BROKEN, encoding="utf-8")

    assert _completed("P") == []
