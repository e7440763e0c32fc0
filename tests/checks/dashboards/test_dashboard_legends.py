"""dashboard_legends finds legends that call every series the same."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_legends
from boxwatch.grafana.tree import Node


def board(expr: str, legend: str) -> Node:
    """A dashboard with one query and its legend."""
    return boards.a_dashboard(boards.a_panel(targets=[{"refId": "A", "expr": expr, "legendFormat": legend}]))


def test_a_label_that_is_gone() -> None:
    """With the labels that are left."""
    (finding,) = dashboard_legends.check("board.json", board("sum by (a, b) (x)", "{{a}} {{ c }}"))
    assert finding.message == "the legend uses the label c, which the query does not keep"
    assert finding.hint == "remaining labels: a, b"


def test_no_label_is_left() -> None:
    """A sum over everything has none."""
    (finding,) = dashboard_legends.check("board.json", board("sum(x)", "{{c}}"))
    assert finding.hint == "remaining labels: none"


@pytest.mark.parametrize(
    ("expr", "legend"),
    [
        ("sum by (a) (x)", "{{a}}"),
        ("time() - max by (a) (x)", "{{a}}"),
        ("x", "{{anything}}"),
        ("sum(x)", "total"),
        ("sum(", "{{a}}"),
    ],
)
def test_labels_that_are_there(expr: str, legend: str) -> None:
    """Or may be there: what the data has is not known here."""
    assert boards.found(dashboard_legends.check, board(expr, legend)) == []
