"""dashboard_grid finds panels that Grafana would move."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_grid
from boxwatch.grafana.tree import Node


def test_panels_that_overlap() -> None:
    """Both are named."""
    board = boards.a_dashboard(
        boards.a_panel(title="One"), boards.a_panel(title="Two", gridPos={"x": 11, "y": 7, "w": 2, "h": 2})
    )
    assert boards.found(dashboard_grid.check, board) == [('panel "One"', 'the panel overlaps panel "Two"')]


def test_panels_side_by_side_are_fine() -> None:
    """Touching is not overlapping."""
    right = boards.a_panel(title="Two", gridPos={"x": 12, "y": 0, "w": 12, "h": 8})
    below = boards.a_panel(title="Three", gridPos={"x": 0, "y": 8, "w": 24, "h": 8})
    assert boards.found(dashboard_grid.check, boards.a_dashboard(boards.a_panel(), right, below)) == []


@pytest.mark.parametrize(
    "place", [{"x": 20, "y": 0, "w": 5, "h": 1}, {"x": 0, "y": -1, "w": 5, "h": 1}, {"x": 0, "y": 0, "w": 5, "h": 0}]
)
def test_panels_outside_the_grid(place: Node) -> None:
    """Too far right, too high, without height."""
    (finding,) = dashboard_grid.check("board.json", boards.a_dashboard(boards.a_panel(gridPos=place)))
    assert "outside the 24 columns" in finding.message


def test_panels_folded_into_a_row_are_compared_among_themselves() -> None:
    """Their places count from when the row is open."""
    row: Node = {"id": 9, "type": "row", "panels": [boards.a_panel()], "gridPos": {"x": 0, "y": 8, "w": 24, "h": 1}}
    assert boards.found(dashboard_grid.check, boards.a_dashboard(boards.a_panel(), row)) == []


def test_a_place_that_is_not_said_is_grafanas_default() -> None:
    """Two such panels lie on each other."""
    assert len(boards.found(dashboard_grid.check, boards.a_dashboard({"id": 1}, {"id": 2}))) == 1
