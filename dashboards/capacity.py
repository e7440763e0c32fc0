"""Capacity: the plan against reality, what is left, and for how long."""

from __future__ import annotations

from boxwatch.dashboards import capacity_queries as ask
from boxwatch.dashboards import capacity_tables, layout, queries, render
from boxwatch.dashboards.panels import colours, field_config, scale
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.variables import SERVERS
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.topology.model import Topology


def build(built: Built) -> Node:
    """The dashboard as JSON."""
    topology = built.topology
    page = render.Page(
        id="capacity",
        title="Capacity",
        description="Does the RAM plan fit reality, how much is left, and for how long?",
        variables=(SERVERS,),
        marked=queries.ON_SERVERS,
        alarmed=queries.shown_on(built, "capacity"),
        panels=layout.place(
            layout.even(4, *_first_answer(topology)),
            layout.line(3 + min(len(topology.servers), 9), (capacity_tables.servers(topology), 24)),
            layout.line(13, (capacity_tables.services(topology), 24)),
            layout.heading("Outside the plan"),
            layout.even(8, capacity_tables.outside(topology), capacity_tables.unlimited(topology)),
            layout.heading("History"),
            layout.even(10, _history(), _beside()),
            layout.heading("Disks"),
            layout.line(7, (capacity_tables.disks(built), 24)),
        ),
    )
    return render.build(page, topology)


def _first_answer(topology: Topology) -> tuple[Stat, ...]:
    def size(title: str, description: str, expr: str) -> Stat:
        return Stat(
            title=title,
            description=description,
            unit="bytes",
            scale=scale.none_known("A size in itself is neither good nor bad, so nothing is coloured."),
            queries=(Query(expr),),
        )

    return (
        size(
            "Planned",
            "All services plus the reserve of the chosen servers. Healthy: as in your own documents.",
            ask.whole(queries.of_each_server(names.SERVER_MEMORY_PLANNED)),
        ),
        size(
            "Used now",
            "Memory that cannot be reclaimed now. Healthy: less than planned.",
            ask.whole(queries.of_each_server(names.SERVER_MEMORY_USED)),
        ),
        size(
            "95% of the week",
            "The level that use stayed below for 95% of seven days. Healthy: well below the plan.",
            ask.whole(ask.usual_of_servers()),
        ),
        size(
            "Peak of the week",
            "Highest use within seven days, each server at its own peak. Healthy: below the plan.",
            ask.whole(ask.peak_of_servers()),
        ),
        Stat(
            title="Left at the peak",
            description="RAM that the tightest server had free at the week's peak. Healthy: what the plan leaves free.",
            unit="bytes",
            scale=scale.headroom(topology),
            queries=(Query(ask.first(ask.headroom_at_peak())),),
        ),
        Stat(
            title="Full in",
            description="Time until the first replica of any service reaches its budget, as the alert sees it: only if "
            "it grows beyond the day before. Healthy: no growth.",
            unit="dtdurations",
            scale=scale.exhaustion(topology),
            queries=(Query(queries.least(queries.full_in()), "{{service}}"),),
            no_value="no growth",
        ),
    )


def _history() -> Graph:
    return Graph(
        title="Use against the plan",
        description="Memory in use on the chosen servers. Healthy: below the dashed line; choose a week to see the "
        "peaks.",
        unit="bytes",
        scale=scale.lines("The dashed line is the plan, the solid line the RAM; both are recorded from the topology."),
        queries=(
            Query(queries.of_all_servers(names.SERVER_MEMORY_USED), "used"),
            Query(queries.planned_of_all_servers(names.SERVER_MEMORY_PLANNED), "planned"),
            Query(queries.planned_of_all_servers(names.SERVER_MEMORY_PLAN), "RAM"),
        ),
        overrides=(
            field_config.query("A", field_config.colour(colours.USE)),
            field_config.plan_line("B"),
            field_config.limit_line("C"),
        ),
        fill=20,
    )


def _beside() -> Graph:
    return Graph(
        title="Memory outside services",
        description="Memory outside the planned services: the system with its builds, and unplanned containers. "
        "Healthy: system and builds below the dashed line, nothing outside the plan.",
        unit="bytes",
        scale=scale.lines("The dashed line is the reserve as recorded from the topology."),
        queries=(
            Query(queries.of_all_servers(names.SERVER_MEMORY_OVERHEAD), "system and builds"),
            Query(queries.of_all_servers(names.SERVER_MEMORY_UNPLANNED), "outside the plan"),
            Query(queries.planned_of_all_servers(names.SERVER_MEMORY_RESERVED), "reserve"),
        ),
        overrides=(
            field_config.query("A", field_config.colour(colours.USE)),
            field_config.query("B", field_config.colour(colours.NEAR)),
            field_config.plan_line("C"),
        ),
    )
