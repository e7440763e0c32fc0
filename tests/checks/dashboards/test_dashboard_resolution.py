"""dashboard_resolution finds graphs that hide short peaks."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_resolution


def test_few_points() -> None:
    """Grafanalib's hundred, for one."""
    board = boards.a_dashboard(boards.a_panel(maxDataPoints=100))
    assert boards.found(dashboard_resolution.check, board) == [('panel "A panel"', "the graph has at most 100 points")]


@pytest.mark.parametrize("change", [{}, {"maxDataPoints": 1000}, {"maxDataPoints": 1, "type": "stat"}])
def test_enough_points(change: dict[str, object]) -> None:
    """A stat needs one."""
    assert boards.found(dashboard_resolution.check, boards.a_dashboard(boards.a_panel(**change))) == []
