"""`for` of nothing, and absent() that does not outlast a restart, are warnings."""

from __future__ import annotations

import pytest
from support.rule_text import found, rules

from boxwatch.checks.rules import alert_wait

SHORT = "absent() is true while Prometheus starts, and the alert waits only {} (set for: 1m or more)"


@pytest.mark.parametrize(
    ("expr", "wait", "messages"),
    [
        ("up == 0", "0s", ["for: 0s has no effect (leave it out)"]),
        ("up == 0", "0m", ["for: 0m has no effect (leave it out)"]),
        ("absent(up)", "", [SHORT.format("0s")]),
        ("absent(up)", "59s", [SHORT.format("59s")]),
        ("absent(up) or absent(foo) == 1", "30s", [SHORT.format("30s")]),
        ("absent(up)", "1m", []),
        ("absent(up)", "5m", []),
        ("up == 0", "", []),
        ("up == 0", "10s", []),
        ("absent_over_time(up[5m])", "", []),
        ("absent(", "", []),
        ("absent(up)", "soon", []),
    ],
)
def test_an_alert_waits_as_long_as_it_means_to(expr: str, wait: str, messages: list[str]) -> None:
    """Two scrapes of 30 s outlast a restart; absent_over_time() looks back over it by itself."""
    file = rules(f"- alert: A\n  expr: {expr!r}\n" + (f"  for: {wait}\n" if wait else ""))

    assert found(alert_wait, file) == [f"warning: {message}" for message in messages]


def test_the_time_is_that_of_the_deployment() -> None:
    """Two of its scrapes."""
    file = rules("- alert: A\n  expr: absent(up)\n  for: 1m\n")

    assert len(found(alert_wait, file, scrape_interval=60)) == 1


def test_recording_rules_do_not_wait() -> None:
    """They have no `for`."""
    assert found(alert_wait, rules("- record: a:b:c\n  expr: absent(up)\n")) == []
