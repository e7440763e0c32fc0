"""dashboard_ids finds panels and queries that cannot be told apart."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_ids
from boxwatch.grafana.tree import Node


def test_panels_that_share_an_id() -> None:
    """Both are named."""
    board = boards.a_dashboard(boards.a_panel(title="One"), boards.a_panel(title="Two"))
    assert boards.found(dashboard_ids.check, board) == [('panel "One", panel "Two"', "2 panels share the id 1")]


def test_a_panel_folded_into_a_row_counts() -> None:
    """Ids are unique in the whole dashboard."""
    row: Node = {"id": 1, "type": "row", "title": "Row", "panels": [boards.a_panel()]}
    assert boards.found(dashboard_ids.check, boards.a_dashboard(row)) == [
        ('panel "Row", panel "A panel"', "2 panels share the id 1")
    ]


@pytest.mark.parametrize("panel_id", [0, -1, None, "1"])
def test_ids_that_are_none(panel_id: object) -> None:
    """Nothing, zero, a string."""
    board = boards.a_dashboard(boards.a_panel(id=panel_id))
    assert boards.found(dashboard_ids.check, board) == [('panel "A panel"', "the panel's id is not a positive number")]


def test_queries_that_share_a_letter_or_have_none() -> None:
    """Letters are unique in their panel."""
    targets = [{"refId": "A", "expr": "a"}, {"refId": "A", "expr": "b"}, {"expr": "c"}]
    messages = [
        message for _, message in boards.found(dashboard_ids.check, boards.a_dashboard(boards.a_panel(targets=targets)))
    ]
    assert messages == ["2 queries share the refId A", "a query has no refId"]
