"""dashboard_jobs finds metrics that are read from whatever exposes them."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_jobs
from boxwatch.grafana.tree import Node


def test_a_metric_of_any_job() -> None:
    """Each name once for each query, also inside functions."""
    board = boards.a_dashboard(boards.a_panel('sum(rate(x_total[5m])) / sum(rate(x_total[5m])) + y{job="a"}'))
    assert boards.found(dashboard_jobs.check, board) == [('panel "A panel" query A', "x_total is read from every job")]


def test_a_selector_without_a_name() -> None:
    """It reads everything of a server."""
    board = boards.a_dashboard(boards.a_panel('{server="a"}'))
    expected = [('panel "A panel" query A', "a selector without a name is read from every job")]
    assert boards.found(dashboard_jobs.check, board) == expected


@pytest.mark.parametrize(
    "expr", ['up{job="node"}', 'up{job=~"$job"}', "service:memory_budget:ratio", 'ALERTS{alertstate="firing"}', "up{"]
)
def test_what_has_a_job_or_needs_none(expr: str) -> None:
    """What does not parse is found by another check."""
    assert boards.found(dashboard_jobs.check, boards.a_dashboard(boards.a_panel(expr))) == []


def test_what_a_variable_asks_is_its_own_affair() -> None:
    """label_values(up, job) is how jobs are found out."""
    variable: Node = {"name": "job", "type": "query", "query": "label_values(up, job)"}
    assert boards.found(dashboard_jobs.check, boards.a_dashboard(variables=(variable,))) == []
