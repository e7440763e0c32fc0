"""Is everything all right, and if not, where?

Reads top to bottom in order of urgency: whether anybody must act now; which service, which server; since when. The
first line is large enough for a wall display; the first two fit a laptop without scrolling.
"""

from __future__ import annotations

from boxwatch.dashboards import answerable, layout, overview_tables, queries, render
from boxwatch.dashboards.panels import colours, field_config, scale
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.gauges import Bars
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.timelines import ROWS, States
from boxwatch.dashboards.variables import SERVERS
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.topology.model import Topology

_SERVER = f"{{{{{names.SERVER}}}}}"
_SERVICE = f"{{{{{names.SERVICE}}}}}"


def build(built: Built) -> Node:
    """The dashboard as JSON."""
    topology = built.topology
    page = render.Page(
        id="overview",
        title="Overview",
        description="Is everything all right, and if not, where?",
        variables=(SERVERS,),
        marked=queries.ON_SERVERS_OR_NONE,
        panels=layout.place(
            *answerable.lines(
                built,
                layout.even(4, *_first_answer(topology)),
                layout.Line(
                    13,
                    (
                        layout.column(16, (overview_tables.services(topology), 13)),
                        layout.column(8, (overview_tables.alerts(topology), 8), (_plan(topology), 5)),
                    ),
                ),
                layout.heading("Servers: the plan against reality"),
                layout.line(overview_tables.servers_height(topology), (overview_tables.servers(topology), 24)),
                layout.heading("Since when"),
                layout.even(10, _memory(), _replicas(topology)),
            )
        ),
    )
    return render.build(page, topology)


def _first_answer(topology: Topology) -> tuple[Stat, ...]:
    return (
        Stat(
            title="Critical alerts",
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
        Stat(
            title="Incomplete",
            description="Services with missing replicas, or not visible at all. Healthy: 0.",
            unit="none",
            scale=scale.none_is_good(),
            queries=(Query(queries.services_incomplete()),),
        ),
        Stat(
            title="Over budget",
            description="Services whose replicas together use more memory than planned. Healthy: 0.",
            unit="none",
            scale=scale.none_is_good(),
            queries=(Query(queries.services_over_budget()),),
        ),
        Stat(
            title="Near budget",
            description="Services past their own threshold but within their budget. Healthy: 0.",
            unit="none",
            scale=scale.none_is_good(colours.NEAR),
            queries=(Query(queries.services_near_budget()),),
        ),
        Stat(
            title="Least headroom",
            description="Free RAM of the server with the least. Healthy: at least what the plan leaves free.",
            unit="bytes",
            scale=scale.headroom(topology),
            queries=(Query(queries.least_headroom(), _SERVER),),
        ),
    )


def _plan(topology: Topology) -> Bars:
    return Bars(
        title="RAM of the chosen servers",
        description="RAM used now, planned and installed. Healthy: the first bar is shorter than the second.",
        unit="bytes",
        scale=scale.lines("The planned bar is recorded from the topology."),
        queries=(
            Query(queries.of_all_servers(names.SERVER_MEMORY_USED), "used"),
            Query(queries.of_all_servers(names.SERVER_MEMORY_PLANNED), "planned"),
            Query(queries.free_of_all_servers(), "free"),
            Query(queries.of_all_servers(names.SERVER_MEMORY_PLAN), "RAM"),
        ),
        overrides=(
            field_config.query("A", field_config.colour(colours.USE)),
            field_config.query("B", field_config.colour(colours.PLAN)),
            field_config.query("C", field_config.colour(colours.GOOD)),
            field_config.query("D", field_config.colour(colours.QUIET)),
        ),
        full=sum(server.memory for server in topology.servers),
    )


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
            Query(queries.of_all_servers(names.SERVER_MEMORY_PLAN), "RAM"),
            Query(queries.of_all_servers(names.SERVER_MEMORY_PLANNED), "planned"),
        ),
        overrides=(
            field_config.query("D", field_config.colour(colours.QUIET)),
            field_config.limit_line("E"),
            field_config.plan_line("F"),
        ),
        fill=70,
        stacked=True,
        table=True,
    )


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
        queries=(Query(queries.completeness(), _SERVICE if len(topology.servers) == 1 else f"{_SERVICE} {_SERVER}"),),
        mappings=words,
        paged=len(topology.services) * len(topology.servers) > ROWS,
    )
