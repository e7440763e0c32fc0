"""Is everything all right, and if not, where?

Reads top to bottom in order of urgency: whether anybody must act now, and the worst of each kind by name; which
service, which alert; what happened; which server; since when. The first line is large enough for a wall display; the
first two fit a laptop without scrolling.
"""

from __future__ import annotations

from boxwatch.dashboards import alert_timelines, host_queries, layout, links, overview_tables, queries, render, verdicts
from boxwatch.dashboards.panels import colours, field_config, scale, thresholds
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.timelines import ROWS, States
from boxwatch.dashboards.variables import SERVERS
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.requests import requests
from boxwatch.topology.model import Topology

_SERVICE = f"{{{{{names.SERVICE}}}}}"


def build(built: Built) -> Node:
    """The dashboard as JSON."""
    topology = built.topology
    page = render.Page(
        id="overview",
        title="Overview",
        description="Is everything all right, and if not, where?",
        variables=(SERVERS,),
        marked=queries.ON_SERVERS,
        alarmed=queries.ON_SERVERS_OR_NONE,
        panels=layout.place(
            layout.even(4, *_first_answer(built)),
            layout.line(
                overview_tables.services_height(topology),
                (overview_tables.services(topology), 24),
            ),
            layout.heading("What happened"),
            layout.line(10, (overview_tables.alerts(topology), 12), (_alerts(built), 12)),
            layout.line(9, (verdicts.happened(queries.ON_SERVERS, topology), 12), (_replicas(topology), 12)),
            layout.heading("Servers: the plan against reality"),
            layout.line(overview_tables.servers_height(topology), (overview_tables.servers(built), 24)),
            layout.heading("Since when"),
            layout.even(9, _memory(), *((_requests(topology),) if requests.scraped(topology) else ())),
            layout.even(8, _cpu(built), _disk(built)),
        ),
    )
    return render.build(page, topology)


def _first_answer(built: Built) -> tuple[Stat, ...]:
    topology = built.topology
    return (
        Stat(
            title="Critical",
            description="Alerts that page someone. Healthy: 0.",
            unit="none",
            scale=scale.none_is_good(),
            queries=(Query(queries.alerts_firing("critical")),),
        ),
        Stat(
            title="Warnings",
            description="Alerts that can wait until the morning. Healthy: 0, or few and known.",
            unit="none",
            scale=scale.none_is_good(colours.NEAR),
            queries=(Query(queries.alerts_firing("warning")),),
        ),
        verdicts.replicas(),
        verdicts.memory(topology),
        verdicts.killed(),
        *((verdicts.failing(topology),) if requests.scraped(topology) else ()),
        verdicts.disk(built),
        *verdicts.deployments(topology),
    )


def _alerts(built: Built) -> States:
    return alert_timelines.timeline(built, queries.ON_SERVERS_OR_NONE)


def _memory() -> Graph:
    return Graph(
        title="RAM by service",
        description="Memory of the chosen servers by service, as counted against budgets. Healthy: a stack below the "
        "dashed line.",
        unit="bytes",
        scale=scale.lines("The dashed line is the plan, the solid line the RAM; both are recorded from the topology."),
        queries=(
            Query(queries.memory_of_largest_services(), _SERVICE),
            Query(queries.memory_of_other_services(), "other services"),
            Query(queries.of_all_servers(names.SERVER_MEMORY_UNPLANNED), "outside the plan"),
            Query(queries.of_all_servers(names.SERVER_MEMORY_OVERHEAD), "system overhead"),
            Query(queries.planned_of_all_servers(names.SERVER_MEMORY_PLAN), "RAM"),
            Query(queries.planned_of_all_servers(names.SERVER_MEMORY_PLANNED), "planned"),
        ),
        overrides=(
            field_config.query("B", field_config.colour(colours.OTHER)),
            field_config.query("C", field_config.colour(colours.NEAR)),
            field_config.query("D", field_config.colour(colours.QUIET)),
            field_config.limit_line("E"),
            field_config.plan_line("F"),
        ),
        fill=70,
        stacked=True,
    )


def _requests(topology: Topology) -> Graph:
    return Graph(
        title="Requests",
        description="Requests to each service. Healthy: like yesterday at this time.",
        unit="reqps",
        scale=scale.none_known("The page Traefik compares them with yesterday, so nothing is coloured."),
        queries=(Query(queries.largest(f"sum by ({names.SERVICE}) ({queries.at(names.SERVICE_REQUESTS)})"), _SERVICE),),
        links=(links.to_service(topology, links.of_series(names.SERVICE)),),
    )


def _cpu(built: Built) -> Graph:
    topology = built.topology
    graph = Graph(
        title="CPU by server",
        description="Share of all CPUs in use over five minutes. Healthy: below the dashed line.",
        unit="percentunit",
        scale=scale.lines("The dashed line is the threshold of HostCpuSaturated."),
        queries=(Query(host_queries.recorded(names.SERVER_CPU_USED), f"{{{{{names.SERVER}}}}}"),),
        links=(links.to_server(topology, links.of_series(names.SERVER)),),
        soft_max=0.2,
    )
    return thresholds.drawn(graph, thresholds.of(built.thresholds, "HostCpuSaturated"))


def _disk(built: Built) -> Graph:
    topology = built.topology
    graph = Graph(
        title="Free disk by server",
        description="Free share of the fullest disk of each server. Healthy: far above the dashed lines.",
        unit="percentunit",
        scale=scale.lines("The dashed lines are the thresholds of HostDiskLow and HostDiskCritical."),
        queries=(Query(host_queries.least(names.DEVICE_DISK_FREE), f"{{{{{names.SERVER}}}}}"),),
        links=(links.to_server(topology, links.of_series(names.SERVER)),),
        soft_max=1,
    )
    low = thresholds.drawn(graph, thresholds.of(built.thresholds, "HostDiskLow"))
    return thresholds.drawn(low, thresholds.of(built.thresholds, "HostDiskCritical"), colours.LIMIT)


def _replicas(topology: Topology) -> States:
    # No thresholds: Grafana names a stretch after its threshold's text, and 1 and 1.001 are both "100%".
    words = (
        *field_config.states(State(0, "none running", colours.BAD), State(1, "as planned", colours.GOOD)),
        field_config.between(0, 1, State(2, "some missing", colours.NEAR)),
        field_config.between(1, 1000, State(3, "more than planned, as during a deploy", colours.USE)),
    )
    return States(
        title="Replicas against the plan",
        description="Running replicas against desired replicas, by service. Healthy: one colour throughout.",
        unit="percentunit",
        scale=scale.completeness(),
        queries=(
            Query(queries.completeness(), _SERVICE if len(topology.servers) == 1 else f"{_SERVICE} {{{{server}}}}"),
        ),
        mappings=words,
        links=(links.to_service(topology, links.of_series(names.SERVICE), links.of_series(names.SERVER)),),
        paged=len(topology.services) * len(topology.servers) > ROWS,
    )
