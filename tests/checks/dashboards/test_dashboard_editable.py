"""dashboard_editable finds dashboards that people may change where it will not last."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_editable
from boxwatch.grafana.tree import Node


@pytest.mark.parametrize("change", [{"editable": True}, {"editable": None}])
def test_a_dashboard_that_can_be_edited(change: Node) -> None:
    """Said or left to the default."""
    board = {**boards.a_dashboard(), **change}
    assert boards.found(dashboard_editable.check, board) == [("", "the dashboard can be edited in Grafana")]
