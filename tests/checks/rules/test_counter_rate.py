"""The value of a counter says only how long a process has run."""

from __future__ import annotations

import pytest
from support.rule_text import alert, found

from boxwatch.checks.rules import counter_rate


@pytest.mark.parametrize(
    "query", ["{} > 100", "{} and up == 1", "sum({}) > 100", "{} - {} offset 5m > 1", "max_over_time({}[5m]) > 1"]
)
def test_a_counter_that_is_read_as_it_is_is_a_warning(query: str) -> None:
    """Once, with what to write instead."""
    name = "container_oom_events_total"

    assert found(counter_rate, alert(query.replace("{}", name))) == [
        f"warning: {name} is a counter, read as a raw value (use rate({name}[5m]))"
    ]


@pytest.mark.parametrize(
    "query",
    [
        "rate(container_oom_events_total[5m]) > 0",
        "resets(container_cpu_usage_seconds_total[15m]) > 0",
        "count(container_oom_events_total) > 0",
        "sum(container_oom_events_total and count_over_time(container_oom_events_total[10m]) < 20) > 0",
        "sum(container_oom_events_total unless container_oom_events_total offset 10m) > 0",
        "node_memory_MemFree_bytes < 1",
    ],
)
def test_rates_counts_and_gauges_are_fine(query: str) -> None:
    """Whatever reads the change and not the value."""
    assert found(counter_rate, alert(query)) == []
