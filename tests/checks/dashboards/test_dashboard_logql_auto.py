"""dashboard_logql_auto finds counts over a fixed time."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_logql_auto

LOKI = {"type": "loki", "uid": "${loki}"}


@pytest.mark.parametrize("window", ["5m", "$__interval", "$__rate_interval"])
def test_a_window_that_does_not_follow_the_graph(window: str) -> None:
    """$__rate_interval is Prometheus' and knows the scrape interval; there is none."""
    targets = [{"refId": "A", "expr": f'rate({{app="[1h]"}}[{window}]) + rate({{app="b"}} [ {window} ])'}]
    board = boards.a_dashboard(boards.a_panel(datasource=LOKI, targets=targets))
    assert boards.found(dashboard_logql_auto.check, board) == [
        ('panel "A panel" query A', f"the query has a fixed window of {window}")
    ]


@pytest.mark.parametrize("window", ["$__auto", "${__auto}", "$__range"])
def test_the_graphs_own_step(window: str) -> None:
    """Or the whole of it, for one number; and lines without any count."""
    targets = [{"refId": "A", "expr": f'rate({{app="b"}}[{window}])'}, {"refId": "B", "expr": '{app="b"}'}]
    board = boards.a_dashboard(boards.a_panel(datasource=LOKI, targets=targets))
    assert boards.found(dashboard_logql_auto.check, board) == []


def test_prometheus_is_not_meant() -> None:
    """Its rates have a check of their own."""
    assert boards.found(dashboard_logql_auto.check, boards.a_dashboard(boards.a_panel("rate(x[5m])"))) == []
