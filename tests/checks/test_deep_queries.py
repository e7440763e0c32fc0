"""Queries that nest too deeply are findings, wherever they stand: no command ends with a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import boards

_DEEP = "(" * 200_000 + "up" + ")" * 200_000


def _run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own, which a segmentation fault would end."""
    command = [sys.executable, "-c", "from boxwatch.cli import main; main()", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("before", ["", "# a comment\r"], ids=["alone", "after a comment"])
@pytest.mark.parametrize("depth", [3_000, 200_000])
def test_a_deep_query_in_a_dashboard_is_a_finding(depth: int, before: str, tmp_path: Path) -> None:
    """Of a panel."""
    expr = before + "(" * depth + "up" + ")" * depth
    board = boards.a_dashboard(boards.a_panel(targets=[{"refId": "A", "expr": expr}]))
    (tmp_path / "deep.json").write_text(json.dumps(board), encoding="utf-8")

    done = _run("check", "deep.json", cwd=tmp_path)

    assert (done.returncode, "levels deep" in done.stdout, "Traceback" in done.stderr) == (1, True, False)


def test_a_deep_query_in_a_rule_is_a_finding(tmp_path: Path) -> None:
    """Of a recording rule."""
    rules = f"groups:\n- name: deep\n  rules:\n  - record: level:deep:max\n    expr: {_DEEP}\n"
    (tmp_path / "deep.yaml").write_text(rules, encoding="utf-8")

    done = _run("check", "deep.yaml", cwd=tmp_path)

    assert (done.returncode, "levels deep" in done.stdout, "Traceback" in done.stderr) == (1, True, False)


def test_a_dashboard_with_a_deep_query_is_modernised(tmp_path: Path) -> None:
    """Modernising reads no query."""
    board = boards.a_dashboard(boards.a_panel(targets=[{"refId": "A", "expr": _DEEP}]))
    (tmp_path / "deep.json").write_text(json.dumps(board), encoding="utf-8")

    done = _run("modernise", "deep.json", cwd=tmp_path)

    assert (done.returncode, _DEEP in done.stdout) == (0, True)


def test_a_dashboard_of_your_own_with_a_deep_query_is_built(tmp_path: Path) -> None:
    """Building reads no query either; `boxwatch check` reports it."""
    board = boards.a_dashboard(boards.a_panel(targets=[{"refId": "A", "expr": _DEEP}]))
    (tmp_path / "extra-dashboards").mkdir()
    (tmp_path / "extra-dashboards" / "deep.json").write_text(json.dumps(board), encoding="utf-8")

    done = _run("build", "--out", "out", "--dashboards", "extra-dashboards", cwd=tmp_path)

    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert _DEEP in (tmp_path / "out/grafana/dashboards/deep.json").read_text(encoding="utf-8")
