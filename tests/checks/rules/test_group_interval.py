"""Groups that run too seldom or too often are warnings."""

from __future__ import annotations

import pytest
from support.rule_text import found

from boxwatch.checks.rules import group_interval
from boxwatch.checks.rules.rule_file import read


@pytest.mark.parametrize(
    ("interval", "kind", "messages"),
    [
        (
            "interval: 5m, ",
            "record: 'a:b:c'",
            ["warning: series recorded every 5m go stale in between (run it more often than every 5m)"],
        ),
        ("interval: 299s, ", "record: 'a:b:c'", []),
        ("interval: 1h, ", "alert: A", []),
        (
            "interval: 29s, ",
            "alert: A",
            ["warning: it runs every 29s, more often than new samples arrive (scrapes are 30s apart)"],
        ),
        ("interval: 30s, ", "alert: A", []),
        ("", "record: 'a:b:c'", []),
        ("interval: often, ", "alert: A", []),
    ],
)
def test_a_group_runs_as_often_as_it_makes_sense(interval: str, kind: str, messages: list[str]) -> None:
    """More often than Prometheus forgets what it records, and not more often than it is scraped."""
    file = read("r.yaml", f"groups: [{{name: g, {interval}rules: [{{{kind}, expr: up}}]}}]".encode())

    assert found(group_interval, file) == messages
