"""Scrape jobs of the monitoring stack itself, all on Prometheus' server."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.relabelling import Config, relabel
from boxwatch.stack.scrape import target
from boxwatch.topology.model import Topology

# Of Grafana's thousands of series, those that rules and dashboards read, and those about its memory.
GRAFANA_KEPT = (
    "grafana_build_info|grafana_http_request_duration_seconds_(count|sum)|grafana_datasource_request_total"
    "|grafana_alerting_.*|grafana_stat_totals_dashboard|process_.*|go_(goroutines|gc_.*|memstats_.*)"
)


def jobs(topology: Topology) -> tuple[Config, ...]:
    """Jobs for the own metrics of Prometheus, Alertmanager, Grafana and the blackbox exporter, those that exist."""
    stack, home = topology.stack, topology.home.name
    kept: Config = {"metric_relabel_configs": [relabel(["__name__"], GRAFANA_KEPT, action="keep")]}
    parts: tuple[tuple[str, str | None, Config], ...] = (
        (names.JOB_PROMETHEUS, stack.prometheus, {}),
        (names.JOB_ALERTMANAGER, stack.alertmanager, {}),
        (names.JOB_GRAFANA, stack.grafana, kept),
        (names.JOB_BLACKBOX, stack.blackbox, {}),
    )
    return tuple(
        {"job_name": name, "static_configs": [target(home, place)], **more}
        for name, place, more in parts
        if place is not None
    )
