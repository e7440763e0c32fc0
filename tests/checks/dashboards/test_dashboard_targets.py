"""dashboard_targets finds panels that can only say "No data"."""

from __future__ import annotations

from support import boards

from boxwatch.checks.dashboards import dashboard_targets


def test_a_panel_that_asks_nothing() -> None:
    """No query at all."""
    board = boards.a_dashboard(boards.a_panel(targets=[]))
    assert boards.found(dashboard_targets.check, board) == [('panel "A panel"', "the panel has no queries")]


def test_an_empty_query() -> None:
    """Left over from trying."""
    board = boards.a_dashboard(boards.a_panel(" "))
    assert boards.found(dashboard_targets.check, board) == [('panel "A panel" query A', "the query is empty")]


def test_other_data_sources_ask_in_their_own_way() -> None:
    """Not every query has PromQL."""
    targets = [{"refId": "A", "datasource": {"type": "loki", "uid": "x"}}]
    assert boards.found(dashboard_targets.check, boards.a_dashboard(boards.a_panel(targets=targets))) == []
