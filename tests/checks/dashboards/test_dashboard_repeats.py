"""dashboard_repeats finds panels that are repeated over one value or none."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_repeats
from boxwatch.grafana.tree import Node

EMPTY = "the panel is repeated over $x, which has no values"
ONE = "the panel is repeated over $x, which allows a single value only"


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ({"type": "custom", "query": " ", "multi": True}, EMPTY),
        ({"type": "query", "query": {"query": ""}, "multi": True, "options": []}, EMPTY),
        ({"type": "query", "query": "label_values(up, x)"}, ONE),
        ({"type": "constant", "query": "a"}, ONE),
    ],
)
def test_nothing_to_repeat_over(variable: Node, message: str) -> None:
    """The panel is not there, or is there once."""
    board = boards.a_dashboard(boards.a_panel(repeat="x"), variables=({"name": "x", **variable},))
    assert boards.found(dashboard_repeats.check, board) == [('panel "A panel"', message)]


@pytest.mark.parametrize(
    "variable",
    [
        {"type": "query", "query": "label_values(up, x)", "multi": True},
        {"type": "query", "query": {"query": "label_values(up, x)"}, "includeAll": True},
        {"type": "custom", "query": "a, b", "multi": True},
    ],
)
def test_several_values(variable: Node) -> None:
    """Rows are repeated too."""
    row: Node = {"type": "row", "title": "Row", "repeat": "x", "panels": []}
    board = boards.a_dashboard(boards.a_panel(repeat="x"), row, variables=({"name": "x", **variable},))
    assert boards.found(dashboard_repeats.check, board) == []


def test_a_variable_that_is_not_there_is_another_checks() -> None:
    """One mistake, one finding."""
    assert boards.found(dashboard_repeats.check, boards.a_dashboard(boards.a_panel(repeat="y"))) == []
