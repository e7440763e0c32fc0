"""Operations whose two sides never have the same labels are errors."""

from __future__ import annotations

import pytest
from support.rule_text import alert, found, found_in_others, rules

from boxwatch.checks.rules import vector_matching

LATENCY = "traefik_service_request_duration_seconds_bucket"
BY_SERVER = "sum by (server) (node_memory_MemTotal_bytes)"


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        (f"node_memory_MemFree_bytes / {BY_SERVER} < 0.1", ["instance and job"]),
        (f"{BY_SERVER} and node_memory_MemFree_bytes", ["instance and job"]),
        (f"(node_memory_MemFree_bytes) unless ignoring (job) ({BY_SERVER})", ["instance"]),
        (f"rate(node_vmstat_oom_kill[5m]) > on (server, job) {BY_SERVER}", ["job"]),
        (f"max without (job) (up) > {BY_SERVER}", ["instance"]),
        (f'(up{{job="a"}} or up{{job="b"}}) > ignoring (job) {BY_SERVER}', ["instance"]),
        (f"(up > 0) * {BY_SERVER} > 1", ["instance and job"]),
        ('node_filesystem_files{fstype!=""} / ignoring (instance, job) sum by (server) (up) > 1', ["fstype"]),
        (f'absent(up{{job="a"}}) and {BY_SERVER}', ["server"]),
        (f"-max_over_time(up[5m:1m]) < {BY_SERVER}", ["instance and job"]),
    ],
)
def test_a_label_that_only_one_side_can_have_is_an_error(query: str, labels: list[str]) -> None:
    """Nothing matches, whatever the values are."""
    messages = found(vector_matching, alert(query))

    assert [message.partition(" has ")[2].partition(",")[0] for message in messages] == labels
    hints = [f"add ignoring ({', '.join(label.split(' and '))})" for label in labels]
    assert all(hint in text for hint, text in zip(hints, messages, strict=True))


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

    (finding,) = found(vector_matching, rules(recorded.format("up > server:up:sum")))
    assert "every series on the left has instance and job, none on the other side" in finding
    assert found(vector_matching, rules(recorded.format("server:up:sum > sum(up)"))) == []


MAX_CONNECTIONS = 'pg_settings_max_connections{job="postgres"}'


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (f"sum(up) / (2 * {MAX_CONNECTIONS}) > 1", "/: every series on the right has instance and job"),
        (f"sum(up) / ({MAX_CONNECTIONS} + {MAX_CONNECTIONS}) > 1", "/: every series on the right has instance and job"),
        ('up{job="a"} / up{job="b"} > 1', '/: job is "a" on the left and "b" on the right: no match'),
        ('up{job=~"a|b"} and up{job=~"c|d"}', 'and: job is "a" or "b" on the left and "c" or "d" on the right'),
        ('sum by (job) (up{job="a"}) > on (job) up{job="b"} * on (job) group_left () up', '>: job is "a" on the left'),
        ('topk(1, up{env="a"}) - up{env="b"} > 0', '-: env is "a" on the left and "b" on the right'),
        ('up{env="a"} * ignoring (job) group_left () up{env="b"} > 0', '*: env is "a" on the left'),
        (
            "node_load1 * on (instance) group_left (device) node_filesystem_size_bytes > 1",
            "*: node_filesystem_size_bytes on the right has several series for each match",
        ),
        (
            "rate(node_cpu_seconds_total[5m]) / on (instance) node_load1 > 1",
            "/: node_cpu_seconds_total on the left has several series for each match, distinguished by cpu and mode",
        ),
        (
            "node_cpu_seconds_total * ignoring (cpu, mode) group_right () node_load1 > 1",
            "*: node_cpu_seconds_total on the left has several series for each match",
        ),
    ],
)
def test_sides_that_cannot_match_are_errors_through_arithmetic(query: str, message: str) -> None:
    """In rules of anybody: none of it depends on a scrape configuration."""
    (finding,) = found_in_others(vector_matching, alert(query))

    assert finding.startswith(f"error: {message}")


@pytest.mark.parametrize(
    "query",
    [
        "sum by (cluster) (up) / count by (cluster) (up) > 1",
        "up * on (instance) group_left (nodename) node_uname_info > 1",
        'up{job="a"} / ignoring (job) up{job="b"} > 1',
        'up{job=~"a|b"} / up{job=~"b|c"} > 1',
        'up{job=~"a.*"} / up{job="b"} > 1',
        'label_replace(up{job="a"}, "job", "b", "", "") / up{job="b"} > 1',
        'sum by (job) (up{env="a"}) / sum by (job) (up{env="b"}) > 1',
        "node_load1 * on (instance) group_left () max by (instance) (node_filesystem_size_bytes) > 1",
        'node_load1 * on (instance) node_filesystem_size_bytes{mountpoint="/"} > 1',
        "node_filesystem_avail_bytes / on (instance, device) node_filesystem_size_bytes < 0.1",
        "node_filesystem_avail_bytes / on (instance) group_left () node_memory_MemTotal_bytes < 0.1",
        "no_such_metric / on (instance) another_one > 1",
        "sum by (node) (kube_pod_info) / on (node) group_left () kube_node_info > 1",
    ],
)
def test_rules_of_others_may_match_by_labels_unknown_here(query: str) -> None:
    """What a scrape configuration adds, and what only the data tell."""
    assert found_in_others(vector_matching, alert(query)) == []
