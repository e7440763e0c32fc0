"""dashboard_refresh finds pages that ask more often than anything changes."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_refresh


def test_faster_than_its_data() -> None:
    """The min interval of the panels is the scrape interval."""
    board = {**boards.a_dashboard(boards.a_panel(interval="1m")), "refresh": "10s"}
    expected = [("", "the dashboard refreshes every 10s, but its data changes every 60s")]
    assert boards.found(dashboard_refresh.check, board) == expected


def test_faster_than_grafana_allows() -> None:
    """Where no panel says an interval."""
    board = {**boards.a_dashboard(), "refresh": "1s"}
    assert len(boards.found(dashboard_refresh.check, board)) == 1


@pytest.mark.parametrize("refresh", ["", "auto", None, "30s"])
def test_never_or_slow_is_fine(refresh: object) -> None:
    """Nothing that is no duration is judged."""
    board = {**boards.a_dashboard(boards.a_panel()), "refresh": refresh}
    assert boards.found(dashboard_refresh.check, board) == []
