"""The memory of one service's replicas."""

from __future__ import annotations

from boxwatch.dashboards import links, queries
from boxwatch.dashboards.panels import colours, field_config, scale, thresholds
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Graph, Query
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.memory import memory_trend
from boxwatch.topology.model import Topology

_WEEK = 7 * 86400
_OF = queries.OF_SERVICE
_COMPONENT = f"{{{{{names.COMPONENT}}}}}"


def memory() -> Graph:
    """Each replica against its budget and its limit."""
    budget = queries.of_components(names.COMPONENT_MEMORY_BUDGET)
    used = queries.at(names.CONTAINER_MEMORY_USED, _OF)
    return Graph(
        title="Memory of each replica",
        description="Memory as counted against the budget. Healthy: every line below the dashed one.",
        unit="bytes",
        scale=scale.lines(
            "The dashed line is one replica's budget as recorded from the topology, the solid red line the limit "
            "enforced by Docker; no solid line means no limit."
        ),
        queries=(
            Query(queries.of_replicas(names.CONTAINER_MEMORY_USED), field_config.REPLICA),
            Query(queries.limits_in_force(), f"limit {_COMPONENT}"),
            # Last, so that the dashes stay visible where budget and limit are equal.
            Query(queries.beside(budget, used, names.BY_COMPONENT), f"budget {_COMPONENT}"),
        ),
        overrides=(field_config.limit_line("B"), field_config.plan_line("C")),
        transformations=field_config.SHORT_NAMES,
        fill=10,
        table=True,
    )


def replica_table(topology: Topology) -> Table:
    """Each container of the service, and those that are missing."""
    to_host = links.to_server(topology, links.of_column("Server"))
    several = len(topology.servers) > 1
    server = (Label(label=names.SERVER, head="Server", width=80, link=to_host),) if several else ()
    rows = Rows(
        title="Replicas now",
        description="Each container of the service, and one row for each component that lacks some. Healthy: all "
        "running, a green share of the budget, and an expected age.",
        labels=(
            Label(label=names.NAME, head="Container"),
            Label(label=names.RESOURCE, head="Resource", width=120),
            Label(label=names.COMPONENT, head="Component", width=110),
            *server,
        ),
        hidden=(names.SERVICE, *(() if several else (names.SERVER,))),
        columns=(
            Column(
                head="State",
                expr=queries.replica_states(),
                unit="none",
                scale=scale.none_known("Red is missing, as planned in the topology."),
                mappings=tuple(
                    field_config.states(State(0, "missing", colours.BAD), State(1, "running", colours.GOOD))
                ),
                width=75,
            ),
            Column(
                head="Budget used",
                expr=queries.of_replicas(names.CONTAINER_MEMORY_BUDGET_RATIO),
                unit="percentunit",
                scale=scale.budget_share(topology),
                look="gauge",
                full=1.2,
                width=140,
            ),
            Column(head="Age", expr=queries.age_of_replicas(), unit="dtdurations", width=125),
        ),
        sort_by=("State", "Budget used"),
        rising=("State",),
    )
    return table(rows)


def exhaustion() -> Graph:
    """The trend of each replica that grows."""
    growing = f"max by ({names.BY_CONTAINER}) ({memory_trend.growing(_OF)})"
    limit = queries.at(names.SERVICE_EXHAUSTED_WITHIN, _OF)
    return Graph(
        title="Time until the budget is reached",
        description="The trend of six hours, extrapolated up to a week, of replicas that grow beyond the day before: "
        "the number that the alert judges. Healthy: no line, or one far above a day.",
        unit="dtdurations",
        scale=scale.lines("The dashed line is the threshold of the alert, as recorded from the topology."),
        queries=(
            Query(growing, field_config.REPLICA),
            Query(f"min({queries.beside(limit, queries.at(names.CONTAINER_MEMORY_EXHAUSTION, _OF))})", "alert below"),
        ),
        overrides=(field_config.plan_line("B"),),
        transformations=field_config.SHORT_NAMES,
        max=_WEEK,
        no_value="no growth",
    )


def limit_share(topology: Topology) -> Graph:
    """The OOM killer's measure."""
    graph = Graph(
        title="Unreclaimable share of the limit",
        description="The OOM killer's measure: memory without page cache, against Docker's limit. Healthy: below the "
        "line.",
        unit="percentunit",
        scale=scale.lines("The dashed line is the threshold of the alert, as recorded from the topology."),
        queries=(
            Query(queries.of_replicas(names.CONTAINER_MEMORY_LIMIT_RATIO), field_config.REPLICA),
            Query(
                f"min({queries.beside(queries.at(names.SERVICE_NEAR_LIMIT, _OF), _limited())})",
                "alert above",
            ),
        ),
        overrides=(field_config.plan_line("B"),),
        transformations=field_config.SHORT_NAMES,
        no_value="no limit in Docker",
    )
    del topology
    return graph


def _limited() -> str:
    return queries.at(names.CONTAINER_MEMORY_LIMIT_RATIO, _OF)


def stalled(built: Built) -> Graph:
    """Time lost to reclaiming memory."""
    graph = Graph(
        title="Waiting for memory",
        description="Share of time in which all processes of a container waited for memory. Healthy: flat at 0; no "
        "line before cAdvisor 0.52.",
        unit="percentunit",
        scale=scale.lines("The dashed line is the threshold of ContainerMemoryStalled."),
        queries=(Query(queries.of_replicas(names.CONTAINER_MEMORY_STALLED), field_config.REPLICA),),
        transformations=field_config.SHORT_NAMES,
        soft_max=0.01,
    )
    return thresholds.drawn(graph, thresholds.of(built.thresholds, "ContainerMemoryStalled"))
