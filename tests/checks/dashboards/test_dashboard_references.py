"""dashboard_references finds panels that show what is not there."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_references
from boxwatch.grafana.tree import Node

OTHER: Node = {"type": "datasource", "uid": "-- Dashboard --"}
EXPRESSION: Node = {"type": "__expr__", "uid": "__expr__"}


def borrowing(**target: object) -> Node:
    """Panel 2, which shows another panel's answers."""
    return boards.a_panel(id=2, title="Borrower", datasource=OTHER, targets=[{"refId": "A", **target}])


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"panelId": 7}, "there is no other panel with the id 7"),
        ({"panelId": 2}, "there is no other panel with the id 2"),
        ({"panelId": "1"}, "there is no other panel with the id 1"),
        ({}, "the query does not state which panel's results it shows"),
    ],
)
def test_a_panel_that_is_not_there(target: Node, message: str) -> None:
    """Nor can a panel show its own answers."""
    board = boards.a_dashboard(boards.a_panel(), borrowing(**target))
    assert boards.found(dashboard_references.check, board) == [('panel "Borrower" query A', message)]


def test_a_panel_that_is_there() -> None:
    """By its id."""
    assert boards.found(dashboard_references.check, boards.a_dashboard(boards.a_panel(), borrowing(panelId=1))) == []


@pytest.mark.parametrize(
    ("expression", "missing"),
    [
        ({"type": "math", "expression": "$A / ${C} + $C"}, ["C"]),
        ({"type": "reduce", "expression": "D"}, ["D"]),
        ({"type": "math", "expression": "$A * 2"}, []),
        ({"type": "threshold", "expression": "A"}, []),
        ({"type": "sql", "expression": "SELECT * FROM X"}, []),
    ],
)
def test_queries_that_an_expression_reckons_with(expression: Node, missing: list[str]) -> None:
    """Each once."""
    targets = [{"refId": "A", "expr": "up"}, {"refId": "B", "datasource": EXPRESSION, **expression}]
    board = boards.a_dashboard(boards.a_panel(targets=targets))
    assert boards.found(dashboard_references.check, board) == [
        ('panel "A panel" query B', f"there is no query {letter} in the panel") for letter in missing
    ]
