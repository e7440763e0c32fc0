"""`boxwatch check -` reads rules or a dashboard from standard input, and names files that are empty no topology."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import boards

from boxwatch.cli import main


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_rules_on_standard_input() -> None:
    """Findings name it, with the line."""
    done = CliRunner().invoke(main, ["check", "-"], input="groups:\n- name: g\n  interval: 5\n")

    assert done.exit_code == 1
    assert "error: stdin:3:13: group g: interval: '5' is not a duration [rule_loading]" in done.stdout


def test_a_dashboard_on_standard_input() -> None:
    """JSON that looks like one."""
    done = CliRunner().invoke(main, ["check", "-"], input=json.dumps({"title": "t", "panels": [boards.a_panel(id=1)]}))

    assert "stdin.json" in done.stdout


def test_an_empty_file_beside_others_is_no_topology() -> None:
    """Mixins without rules write one."""
    Path("none.yaml").write_text("\n", encoding="utf-8")
    Path("some.yaml").write_text("groups: []\n", encoding="utf-8")

    done = CliRunner().invoke(main, ["check", "none.yaml", "some.yaml"])
    assert (done.exit_code, done.stdout) == (0, "0 findings in 1 file\n")


@pytest.mark.parametrize("versions", ["4..3", "newest"])
def test_versions_that_are_none_are_refused(versions: str) -> None:
    """With the forms that are known."""
    done = CliRunner().invoke(main, ["check", "-", "--prometheus", versions], input="groups: []\n")

    assert done.exit_code == 2
    assert "write" in done.stderr
