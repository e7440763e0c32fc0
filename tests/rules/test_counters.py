"""Counters with labels that appear with their first event: that one is heard where it matters."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from support.artefacts import complete_subjects

from boxwatch.exporters.coolify import names as coolify
from boxwatch.promql import nodes
from boxwatch.promql.parse import parse
from boxwatch.promql.walk import walk
from boxwatch.rules.model import Alert, Record

_CATALOGUE = Path(__file__).parents[2] / "exporters/catalogue"
_RATES = frozenset({"increase", "rate", "irate"})
# Every counter with labels of its own that a rule takes the increase of. `increase()` misses what such a counter shows
# when it appears; here is why that does not matter, or that boxwatch.rules.patterns.backing_services.risen hears it.
_HEARD = "risen() hears the first one"
_ALWAYS = "it is exposed with 0 from the start, for every label"
_LASTING = (
    "the alert asks for a share or a number that only lasting events reach; at most the first scrape's are missed"
)
_JUDGED = {
    "redis_errors_total": _HEARD,
    str(coolify.UNPARSED): _HEARD,
    "alertmanager_notifications_failed_total": _ALWAYS,
    "prometheus_notifications_errors_total": _ALWAYS,
    "prometheus_rule_evaluation_failures_total": _ALWAYS,
    "prometheus_rule_group_iterations_missed_total": _ALWAYS,
    "elasticsearch_breakers_tripped": _ALWAYS,
    "elasticsearch_thread_pool_rejected_count": _ALWAYS,
    "engine_daemon_container_actions_seconds_count": _ALWAYS,
    "node_cpu_seconds_total": _ALWAYS,
    "node_network_receive_bytes_total": _ALWAYS,
    "node_network_transmit_bytes_total": _ALWAYS,
    "pg_stat_archiver_failed_count": _ALWAYS,
    "pg_stat_database_deadlocks": _ALWAYS,
    "pg_stat_database_xact_commit": _ALWAYS,
    "pg_stat_database_xact_rollback": _ALWAYS,
    "container_cpu_usage_seconds_total": _ALWAYS,
    "container_cpu_cfs_periods_total": _ALWAYS,
    "container_cpu_cfs_throttled_periods_total": _ALWAYS,
    "container_pressure_memory_stalled_seconds_total": _ALWAYS,
    # A container's series also appear when its labels change, as with a service that is added to the plan. All that it
    # counted before would be new then.
    "container_oom_events_total": _ALWAYS,
    "grafana_datasource_request_total": _LASTING,
    "grafana_http_request_duration_seconds_count": _LASTING,
    "minio_api_requests_5xx_errors_total": _LASTING,
    "minio_api_requests_total": _LASTING,
    "minio_s3_requests_5xx_errors_total": _LASTING,
    "minio_s3_requests_total": _LASTING,
    "traefik_entrypoint_requests_total": _LASTING,
    "traefik_service_request_duration_seconds_bucket": _LASTING,
    "traefik_service_requests_total": _LASTING,
}


@functools.cache
def _labels() -> dict[str, set[str]]:
    """Metric → its own labels, as recorded from exporters."""
    found: dict[str, set[str]] = {str(coolify.UNPARSED): set(coolify.UNPARSED.labels)}
    for path in _CATALOGUE.glob("*.json"):
        for name, metric in json.loads(path.read_text(encoding="utf-8"))["metrics"].items():
            found.setdefault(name, set()).update(metric["labels"])
    return found


def _rules() -> tuple[Record | Alert, ...]:
    made = complete_subjects()
    records: tuple[Record | Alert, ...] = tuple(rule for subject in made for rule in subject.records)
    return (*records, *(alert for subject in made for alert in subject.alerts))


def _name(rule: Record | Alert) -> str:
    return rule.record if isinstance(rule, Record) else rule.alert


def _counted() -> dict[str, set[str]]:
    """Counter with labels of its own → the rules that take its increase."""
    found: dict[str, set[str]] = {}
    for rule in _rules():
        for node, around in walk(parse(rule.expr)):
            name = node.name if isinstance(node, nodes.VectorSelector) and _RATES & set(around) else None
            if name and _labels().get(name):
                found.setdefault(name, set()).add(_name(rule))
    return found


def test_every_counter_that_may_appear_late_is_judged() -> None:
    """A rule on a new one is added here with what is known of its first value."""
    counted = _counted()

    assert [
        f"{', '.join(sorted(rules))} takes the increase of {name}, whose series may appear with the first event: use "
        "risen(…), or say in _JUDGED why the first one need not be heard"
        for name, rules in sorted(counted.items())
        if name not in _JUDGED
    ] == []
    assert sorted(_JUDGED.keys() - counted.keys()) == []


def test_what_is_heard_is_asked_for() -> None:
    """Each of their rules compares how long the counter and its target have been there."""
    rules = {_name(rule): rule.expr for rule in _rules()}

    assert [
        f"{rule} reads {name} without risen()"
        for name, reason in _JUDGED.items()
        if reason is _HEARD
        for rule in _counted()[name]
        if f"count_over_time({name}" not in rules[rule]
    ] == []
