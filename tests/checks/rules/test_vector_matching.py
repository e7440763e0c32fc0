"""Operations whose two sides never have the same labels are errors."""

from __future__ import annotations

import pytest
from support.rule_text import alert, found, rules

from boxwatch.checks.rules import vector_matching

LATENCY = "traefik_service_request_duration_seconds_bucket"
BY_SERVER = "sum by (server) (node_memory_MemTotal_bytes)"


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        (f"node_memory_MemFree_bytes / {BY_SERVER} < 0.1", ["instance", "job"]),
        (f"{BY_SERVER} and node_memory_MemFree_bytes", ["instance", "job"]),
        (f"(node_memory_MemFree_bytes) unless ignoring (job) ({BY_SERVER})", ["instance"]),
        (f"rate(node_vmstat_oom_kill[5m]) > on (server, job) {BY_SERVER}", ["job"]),
        (f"max without (job) (up) > {BY_SERVER}", ["instance"]),
        (f'(up{{job="a"}} or up{{job="b"}}) > ignoring (job) {BY_SERVER}', ["instance"]),
        (f"(up > 0) * {BY_SERVER} > 1", ["instance", "job"]),
        ('node_filesystem_files{fstype!=""} / ignoring (instance, job) sum by (server) (up) > 1', ["fstype"]),
        (f'absent(up{{job="a"}}) and {BY_SERVER}', ["server"]),
        (f"-max_over_time(up[5m:1m]) < {BY_SERVER}", ["instance", "job"]),
    ],
)
def test_a_label_that_only_one_side_can_have_is_an_error(query: str, labels: list[str]) -> None:
    """Nothing matches, whatever the values are."""
    messages = found(vector_matching, alert(query))

    assert [message.partition(" has ")[2].partition(",")[0] for message in messages] == labels
    assert all(f"add ignoring ({label})" in text for label, text in zip(labels, messages, strict=True))


@pytest.mark.parametrize(
    "query",
    [
        "node_memory_MemFree_bytes / node_memory_MemTotal_bytes < 0.1",
        f"sum by (server) (node_memory_MemFree_bytes) / {BY_SERVER} < 0.1",
        f"node_memory_MemFree_bytes / on (server) group_left () {BY_SERVER} < 0.1",
        f"node_memory_MemFree_bytes / ignoring (instance, job) {BY_SERVER} < 0.1",
        f"node_memory_MemFree_bytes or {BY_SERVER}",
        "up == 0",
        "1 - up > 0",
        "up > scalar(sum(up))",
        "no_such_metric / up > 1",
        "sum by (server, pod) (up) / sum by (server) (up) > 1",
        f'label_replace({BY_SERVER}, "instance", "a", "", "") / sum by (server, instance) (up) > 1',
        f"histogram_quantile(0.9, sum by (server, le) (rate({LATENCY}[5m]))) > {BY_SERVER}",
        f'absent(up{{job="a"}}) and on () {BY_SERVER}',
        "node_filesystem_files / ignoring (instance, job) sum by (server) (up) > 1",
        "ALERTS and on (server) up == 0",
    ],
)
def test_sides_that_may_match_are_fine(query: str) -> None:
    """Also where only the data can tell."""
    assert found(vector_matching, alert(query)) == []


def test_a_recorded_series_has_what_its_rule_left() -> None:
    """In both directions: what the rule took away is impossible, and what it left is not certain."""
    recorded = "- record: server:up:sum\n  expr: sum by (server) (up)\n- alert: A\n  expr: {}\n"

    assert len(found(vector_matching, rules(recorded.format("up > server:up:sum")))) == 2
    assert found(vector_matching, rules(recorded.format("server:up:sum > sum(up)"))) == []
