"""Deployment marks, with Prometheus evaluating their query."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from boxwatch.dashboards import queries

_MINUTE = 60
_ON = 'server="main", service="web"'
_STARTED = f'container:start_time_seconds:max{{{_ON}, name="web-1"}}'
_RESTARTS = f"component:restarts:max15m{{{_ON}}}"
# Both start 30 minutes into the range, at second 1800, and are first seen then.
_NEW = f'container:start_time_seconds:max{{{_ON}, name="web-2"}}'
_DEPLOY = ((_STARTED, "-9000x60 stale"), (_NEW, "_x60 1800x120"), (_RESTARTS, "0x180"))
# The count follows one step later and holds for a quarter of an hour.
_RESTART = ((_STARTED, "-9000x59 1800x120"), (_RESTARTS, "0x60 1x29 0x90"))


def _marked(series: Sequence[tuple[str, str]], minute: float, step: int, folder: Path, labels: str = _ON) -> bool:
    """Whether the query returns the start at a given minute, with steps of so many seconds between its results."""
    expr = queries.deployed('server="main"').replace("$__from", "0").replace("$__interval_ms", str(step * 1000))
    expected = [{"labels": f"{{{labels}}}", "value": 1800 * 1000}]
    case = {"expr": expr, "eval_time": f"{minute * _MINUTE:g}s", "exp_samples": expected}
    inputs = [{"series": name, "values": values} for name, values in series]
    file = folder / "test.yaml"
    file.write_text(
        yaml.safe_dump({"tests": [{"interval": "30s", "input_series": inputs, "promql_expr_test": [case]}]})
    )
    ran = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    assert ran.returncode == 0 or "nil" in ran.stderr, ran.stderr
    return ran.returncode == 0


@pytest.mark.parametrize(("minute", "there"), [(30.5, False), (32, True), (43, True), (46, False)])
def test_a_deployment_is_marked_once_it_is_known_to_be_no_restart(
    minute: float, *, there: bool, tmp_path: Path
) -> None:
    """The mark appears a minute late, and stays long enough for every step of the graph."""
    assert _marked(_DEPLOY, minute, 30, tmp_path) is there


def test_steps_longer_than_a_restart_is_counted_still_see_a_deployment(tmp_path: Path) -> None:
    """The mark also appears on a graph of a month with steps of an hour."""
    assert _marked(_DEPLOY, 60 + 20, 3600, tmp_path)


@pytest.mark.parametrize("minute", [30, 30.5, 31, 32, 40, 44.5, 45, 45.5, 46, 60, 80])
def test_a_restart_is_no_deployment(minute: float, tmp_path: Path) -> None:
    """A crashed service was once marked as deployed, and misled the search for a cause."""
    assert not _marked(_RESTART, minute, 30, tmp_path)


def test_a_build_is_no_deployment(tmp_path: Path) -> None:
    """A build's container belongs to no service; its mark once read " deployed"."""
    build = (('container:start_time_seconds:max{server="main", name="x7k2"}', "_x60 1800x120"),)
    assert not _marked(build, 32, 30, tmp_path, 'server="main"')
