"""Monitoring: targets, rules, cost, and delivery of notifications."""

from __future__ import annotations

from boxwatch.dashboards import layout, links, queries, render
from boxwatch.dashboards.host_queries import called
from boxwatch.dashboards.panels import colours, field_config, scale, thresholds
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.timelines import States
from boxwatch.dashboards.queries import shown_on
from boxwatch.dashboards.variables import SERVERS
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.monitoring import monitoring, scraping
from boxwatch.topology.model import Topology

_CHOSEN = queries.ON_SERVERS
_ALL = f'job=~".+", {_CHOSEN}'
_PROMETHEUS = f'job="{names.JOB_PROMETHEUS}", {_CHOSEN}'
_ALERTMANAGER = f'job="{names.JOB_ALERTMANAGER}", {_CHOSEN}'
_GRAFANA = f'job="{names.JOB_GRAFANA}", {_CHOSEN}'
_BY_TARGET = f"{names.SERVER}, job, {names.SERVICE}"
_TARGET = "{{job}} {{service}}"


def build(built: Built) -> Node:
    """The dashboard as JSON."""
    topology = built.topology
    page = render.Page(
        id="monitoring",
        title="Monitoring",
        description="Is monitoring itself working, and do its notifications arrive?",
        variables=(SERVERS,),
        marked=_CHOSEN,
        alarmed=shown_on(built, "monitoring"),
        panels=layout.place(
            layout.even(4, _watchdog(), _down(), _failures(), _undelivered(), _held(topology), _age()),
            layout.even(10, _targets(topology), _rules()),
            layout.heading("Cost"),
            layout.even(8, _scrapes(topology), _series(topology)),
            layout.even(8, _head(topology), _memory()),
            layout.heading("Delivery"),
            layout.even(8, _notifications(), _grafana()),
        ),
    )
    return render.build(page, topology)


def _watchdog() -> Stat:
    return Stat(
        title="Watchdog",
        description="The alert that always fires. Healthy: firing; the dead man's switch reports when it stops "
        "arriving.",
        unit="none",
        scale=scale.lines("Recorded by Prometheus at every evaluation; nothing is coloured by amount."),
        mappings=tuple(field_config.states(State(1, "fires", colours.GOOD))),
        queries=(Query(f'count(ALERTS{{alertname="Watchdog", {queries.FIRING}, {queries.ON_SERVERS_OR_NONE}}})'),),
    )


def _down() -> Stat:
    return Stat(
        title="Targets down",
        description="Targets not being scraped now. Healthy: 0.",
        unit="none",
        scale=scale.none_is_good(colours.NEAR),
        queries=(Query(f"count(up{{{_ALL}}} == 0) or 0 * count(up{{{_ALL}}})"),),
    )


def _failures() -> Stat:
    failed = f"prometheus_rule_evaluation_failures_total{{{_PROMETHEUS}}}"
    return Stat(
        title="Rule failures",
        description="Failed evaluations in ten minutes: their alerts are silent. Healthy: 0.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(Query(f"round(sum(increase({failed}[10m])))"),),
    )


def _undelivered() -> Stat:
    failed = f"alertmanager_notifications_failed_total{{{_ALERTMANAGER}}}"
    return Stat(
        title="Undelivered",
        description="Notifications that Alertmanager could not deliver within an hour. Healthy: 0.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(Query(f"round(sum(increase({failed}[1h])))"),),
    )


def _held(topology: Topology) -> Stat:
    most = topology.alerts.threshold("PrometheusSeriesHigh", monitoring.SERIES_HELD)
    says = f"Amber from {most:,.0f}, the threshold of the alert."
    return Stat(
        title="Series",
        description="Series that Prometheus holds in memory. Healthy: a familiar level.",
        unit="short",
        scale=scale.Scale(says, ((0, colours.GOOD), (most, colours.NEAR))),
        queries=(Query(f"sum(prometheus_tsdb_head_series{{{_PROMETHEUS}}})"),),
    )


def _age() -> Stat:
    return Stat(
        title="Uptime",
        description="Time since Prometheus started. Healthy: since the last change to the stack.",
        unit="dtdurations",
        scale=scale.none_known("No age is bad in itself, so nothing is coloured."),
        queries=(Query(f"time() - max(process_start_time_seconds{{{_PROMETHEUS}}})"),),
    )


def _targets(topology: Topology) -> States:
    ports = f'job="{names.JOB_PROBE_PORTS}"'
    return States(
        title="Targets",
        description="Whether each target is scraped, with all port probes in one row. Healthy: green throughout.",
        unit="none",
        scale=scale.none_known("Red is a failed scrape, as in the alert."),
        queries=(
            Query(
                f"min by ({_BY_TARGET}) (up{{{_ALL}, {ports.replace('=', '!=')}}})"
                f" or min by ({names.SERVER}, job) (up{{{ports}, {_CHOSEN}}})",
                called(topology, _TARGET),
            ),
        ),
        mappings=tuple(field_config.states(State(0, "down", colours.BAD), State(1, "scraped", colours.GOOD))),
        links=(links.to_server(topology, links.of_series(names.SERVER)),),
        paged=len(topology.servers) > 1,
    )


def _rules() -> Graph:
    lasted = f"prometheus_rule_group_last_duration_seconds{{{_PROMETHEUS}}}"
    slowest = queries.largest(f"max by (rule_group) ({lasted})")
    interval = f"prometheus_rule_group_interval_seconds{{{_PROMETHEUS}}}"
    return Graph(
        title="Rules",
        description="Evaluation time of the slowest groups. Healthy: far below the dashed line.",
        unit="s",
        scale=scale.lines("The dashed line is the evaluation interval; above it Prometheus skips evaluations."),
        queries=(
            # Prometheus names a group by its file and its own name; ours are the same.
            Query(f'label_replace({slowest}, "group", "$1", "rule_group", ".*;(.*)")', "{{group}}"),
            Query(f"min({interval})", "evaluation interval"),
        ),
        overrides=(field_config.plan_line("B"),),
        table=True,
    )


def _scrapes(topology: Topology) -> Graph:
    graph = Graph(
        title="Scrape duration",
        description="The slowest targets. Healthy: far below the dashed line.",
        unit="s",
        scale=scale.lines("The dashed line is the threshold of the alert."),
        queries=(
            Query(
                queries.largest(f"max by ({_BY_TARGET}) (scrape_duration_seconds{{{_ALL}}})"), called(topology, _TARGET)
            ),
        ),
        table=True,
    )
    return thresholds.drawn(graph, topology.alerts.threshold("ScrapeSlow", scraping.SLOW))


def _series(topology: Topology) -> Graph:
    graph = Graph(
        title="Series by target",
        description="The targets with the most series. Healthy: a familiar level.",
        unit="short",
        scale=scale.lines("The dashed line is the threshold of TargetSeriesMany."),
        queries=(
            Query(
                queries.largest(f"max by ({_BY_TARGET}) (scrape_samples_post_metric_relabeling{{{_ALL}}})"),
                called(topology, _TARGET),
            ),
        ),
        table=True,
    )
    return thresholds.drawn(graph, topology.alerts.threshold("TargetSeriesMany", scraping.MANY))


def _head(topology: Topology) -> Graph:
    graph = Graph(
        title="Series in Prometheus",
        description="Series in memory; each costs about 8 kB. Healthy: a familiar level.",
        unit="short",
        scale=scale.lines("The dashed line is the threshold of PrometheusSeriesHigh."),
        queries=(Query(f"max by ({names.SERVER}) (prometheus_tsdb_head_series{{{_PROMETHEUS}}})", "{{server}}"),),
        fill=10,
    )
    return thresholds.drawn(graph, topology.alerts.threshold("PrometheusSeriesHigh", monitoring.SERIES_HELD))


def _memory() -> Graph:
    resident = f'process_resident_memory_bytes{{job=~"prometheus|alertmanager|grafana|blackbox", {_CHOSEN}}}'
    return Graph(
        title="Memory of the stack",
        description="Resident memory of each component. Healthy: below its share of the plan.",
        unit="bytes",
        scale=scale.none_known("The shares are in the topology and drawn on the service dashboard."),
        queries=(Query(f"max by (job) ({resident})", "{{job}}"),),
        table=True,
    )


def _notifications() -> Graph:
    sent = f"prometheus_notifications_sent_total{{{_PROMETHEUS}}}"
    delivered = f"alertmanager_notifications_total{{{_ALERTMANAGER}}}"
    failed = f"alertmanager_notifications_failed_total{{{_ALERTMANAGER}}}"
    return Graph(
        title="Notifications",
        description="Notifications passed on by Prometheus and delivered by Alertmanager within an hour. Healthy: no "
        "failures.",
        unit="none",
        scale=scale.none_known("Red is none of these: the alert AlertmanagerNotificationsFailing judges failures."),
        queries=(
            Query(f"round(sum(increase({sent}[1h])))", "sent to Alertmanager"),
            Query(queries.largest(f"round(sum by (integration) (increase({delivered}[1h])))", 4), "{{integration}}"),
            Query(
                queries.largest(f"round(sum by (integration) (increase({failed}[1h])))", 3), "failed {{integration}}"
            ),
        ),
        steps=True,
        soft_max=1,
    )


def _grafana() -> Graph:
    requests = f"grafana_http_request_duration_seconds_count{{{_GRAFANA}}}"
    return Graph(
        title="Grafana",
        description="Requests to Grafana by status. Healthy: next to no 5xx.",
        unit="reqps",
        scale=scale.none_known("Red is 5xx and amber 4xx; the numbers depend on use."),
        queries=(Query(f"sum by (status_code) (rate({requests}[$__rate_interval]))", "{{status_code}}"),),
        overrides=field_config.of_http_codes(),
        stacked=True,
        fill=60,
    )
