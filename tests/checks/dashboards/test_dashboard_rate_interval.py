"""dashboard_rate_interval finds rates that miss samples or jump over them."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_rate_interval


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("rate(x_total[5m])", "rate has a fixed window of 5m"),
        ('sum(irate(x_total{a="("}[$__interval]))', "irate has a fixed window of $__interval"),
        ("max_over_time(x[$__rate_interval])", "$__rate_interval is meant for rates, not for max_over_time"),
        ("x[$__rate_interval]", "$__rate_interval is meant for rates, not for this"),
    ],
)
def test_a_wrong_window(expr: str, message: str) -> None:
    """Fixed, Grafana's step, or made for something else."""
    board = boards.a_dashboard(boards.a_panel(expr))
    assert boards.found(dashboard_rate_interval.check, board) == [('panel "A panel" query A', message)]


def test_a_query_that_does_not_say_the_scrape_interval() -> None:
    """Four times too little is still too little."""
    targets = [{"refId": "A", "expr": "rate(x_total[$__rate_interval])"}]
    (found,) = boards.found(dashboard_rate_interval.check, boards.a_dashboard(boards.a_panel(targets=targets)))
    assert "derived from the data source's interval" in found[1]


@pytest.mark.parametrize(
    "expr",
    [
        "rate(x_total[$__rate_interval])",
        "increase(x_total[1h])",
        "max_over_time(rate(x[$__rate_interval])[1h:])",
        "sum(abs(x)) + rate(f(x)[$__rate_interval])",
    ],
)
def test_a_right_window(expr: str) -> None:
    """Fixed times are right where a fixed time is meant."""
    assert boards.found(dashboard_rate_interval.check, boards.a_dashboard(boards.a_panel(expr))) == []
