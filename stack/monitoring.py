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
    """Jobs for Prometheus, Alertmanager, Grafana and the blackbox exporter's own metrics."""
    stack, home = topology.stack, topology.home.name
    return (
        _job(names.JOB_PROMETHEUS, home, stack.prometheus),
        _job(names.JOB_ALERTMANAGER, home, stack.alertmanager),
        {
            **_job(names.JOB_GRAFANA, home, stack.grafana),
            "metric_relabel_configs": [relabel(["__name__"], GRAFANA_KEPT, action="keep")],
        },
        _job(names.JOB_BLACKBOX, home, stack.blackbox),
    )


def _job(name: str, server: str, place: str) -> Config:
    return {"job_name": name, "static_configs": [target(server, place)]}
