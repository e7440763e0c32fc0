"""Alerts without a condition always fire."""

from __future__ import annotations

import pytest
from support.rule_text import alert, found, rules

from boxwatch.checks.rules import alert_comparison

_MESSAGE = "error: the query has no condition, so the alert fires while its series exist (compare the result)"


@pytest.mark.parametrize(
    "query",
    ["up", "sum(up)", "up == bool 0", "up or up > 1", "rate(up[5m]) * 2", "up and on (server) up", "(up)", "-up"],
)
def test_a_query_without_a_condition_is_an_error(query: str) -> None:
    """Whatever is done with the value."""
    assert found(alert_comparison, alert(query)) == [_MESSAGE]


@pytest.mark.parametrize(
    "query",
    [
        "up == 0", "sum(up > 1)", "up unless up", "absent(up)", "up and on (server) up > 1", "up > 1 or up < 0",
        "absent_over_time(up[5m])", "(up == 0)", "-(up > 1)", "abs(up > 1)", "avg_over_time((up > 1)[5m:1m])",
    ],
)  # fmt: skip
def test_a_query_that_can_be_empty_is_fine(query: str) -> None:
    """A comparison, a difference of sets, or absence."""
    assert found(alert_comparison, alert(query)) == []


def test_the_watchdog_fires_on_purpose() -> None:
    """It is a dead man's switch."""
    assert found(alert_comparison, rules("- alert: Watchdog\n  expr: vector(1)\n")) == []
