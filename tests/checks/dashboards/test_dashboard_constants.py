"""dashboard_constants finds queries that have a result where nothing is measured."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_constants


@pytest.mark.parametrize(
    "expr",
    [
        "vector(0.9)",
        "0.9",
        "time()",
        'sum(rate(errors_total{job="web"}[5m])) or vector(0)',
        '(sum(up{job="web"}) or on () vector(0)) / 2',
        'vector(0) unless up{job="web"}',
        'abs(-vector(1)) or up{job="web"}',
        "sum(vector(1)) > bool 0",
        "max_over_time(vector(1)[5m:1m])",
    ],
)
def test_a_constant_that_stands_in_for_data(expr: str) -> None:
    """It says where, and what to do instead."""
    (finding,) = dashboard_constants.check("board.json", boards.a_dashboard(boards.a_panel(expr)))
    assert (finding.where, finding.severity) == ('panel "A panel" query A', "warning")
    assert finding.message == "the query has a result even where nothing is measured"
    assert "or 0 * count(SERIES)" in finding.hint


@pytest.mark.parametrize(
    "expr",
    [
        'up{job="web"}',
        'time() - max(up{job="web"})',
        'sum(up{job="web"}) or 0 * count(up{job="web"})',
        'vector(0.9) and on () up{job="web"}',
        'up{job="web"} unless vector(1)',
        'vector(scalar(up{job="web"}))',
        'absent(up{job="web"})',
        "no PromQL (",
    ],
)
def test_a_query_that_is_empty_without_data(expr: str) -> None:
    """A threshold beside data, a count of what is measured, and what asks for absence."""
    assert boards.found(dashboard_constants.check, boards.a_dashboard(boards.a_panel(expr))) == []
