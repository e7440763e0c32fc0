"""Replicas of one service over time: how many, what ended and why, CPU, network and disk."""

from __future__ import annotations

from boxwatch.dashboards import queries
from boxwatch.dashboards.panels import colours, field_config, scale, thresholds
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Graph, Query
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.patterns.fragments import PLANNED

_OF = queries.OF_SERVICE
_RAW = f"{PLANNED}, {_OF}"
_COMPONENT = f"{{{{{names.COMPONENT}}}}}"


def ended() -> Table:
    """What ended, and why."""
    return table(
        Rows(
            title="Ended within the time range",
            description="Containers that are gone. Killed: the kernel killed a process in their last ten minutes. "
            "Healthy: those that your deployments replaced.",
            labels=(Label(label=names.NAME, head="Container"), Label(label=names.RESOURCE, head="Resource", width=80)),
            columns=(
                Column(
                    head="Why",
                    expr=queries.ended_why(),
                    unit="none",
                    scale=scale.none_known("Red is a kill for lack of memory; the topology plans none."),
                    mappings=tuple(
                        field_config.states(State(1, "killed", colours.BAD), State(0, "stopped", colours.QUIET))
                    ),
                    width=75,
                ),
                Column(head="Ago", expr=queries.ended_ago(), unit="dtdurations", width=125),
                Column(head="Ran for", expr=queries.ended_after(), unit="dtdurations", width=125),
            ),
            sort_by=("Ago",),
            rising=("Ago",),
            hidden=(names.SERVER, names.SERVICE, names.COMPONENT),
            no_value="none ended",
        )
    )


def running() -> Graph:
    """Replicas running against the plan."""
    desired = queries.of_components(names.COMPONENT_REPLICAS_DESIRED)
    seen = queries.at(names.COMPONENT_REPLICAS_RUNNING, _OF)
    return Graph(
        title="Replicas running",
        description="Replicas by component. Healthy: running and healthy on the dashed line; above it for a few "
        "minutes means a deploy.",
        unit="none",
        scale=scale.lines("The dashed line is the number of replicas in the topology."),
        queries=(
            Query(queries.of_components(names.COMPONENT_REPLICAS_RUNNING), f"running {_COMPONENT}"),
            Query(queries.of_components(names.COMPONENT_REPLICAS_HEALTHY), f"healthy {_COMPONENT}"),
            Query(queries.beside(desired, seen, names.BY_COMPONENT), f"planned {_COMPONENT}"),
        ),
        overrides=(
            field_config.query("A", field_config.colour(colours.USE)),
            field_config.query("B", field_config.colour(colours.GOOD)),
            field_config.plan_line("C"),
        ),
        steps=True,
    )


def restarts() -> Graph:
    """Restarts against the alert."""
    threshold = queries.at(names.SERVICE_RESTARTS_THRESHOLD, _OF)
    counted = queries.at(names.COMPONENT_RESTARTS, _OF)
    return Graph(
        title="Restarts in 15 minutes",
        description="Restarts of the same containers. Healthy: flat at 0.",
        unit="none",
        scale=scale.lines("The dashed line is the number of restarts at which the alert fires."),
        queries=(
            Query(queries.of_components(names.COMPONENT_RESTARTS), f"restarts {_COMPONENT}"),
            Query(f"min({queries.beside(threshold, counted)})", "alert from"),
        ),
        overrides=(field_config.plan_line("B"),),
        colour=colours.USE,
        steps=True,
    )


def replacements() -> Graph:
    """Containers that ended and did not come back."""
    return Graph(
        title="Replacements in an hour",
        description="New containers in place of old ones, as after every deploy. Healthy: as many as you deployed.",
        unit="none",
        scale=scale.lines("The dashed line is the number at which the alert fires, all replicas together."),
        queries=(
            Query(queries.of_components(names.COMPONENT_REPLACEMENTS), f"replacements {_COMPONENT}"),
            Query(queries.replacements_allowed(), f"alert from {_COMPONENT}"),
        ),
        overrides=(field_config.plan_line("B"),),
        colour=colours.USE,
        steps=True,
    )


def oom() -> Graph:
    """OOM kills."""
    return Graph(
        title="OOM kills in 10 minutes",
        description="Processes killed because their container reached its limit. Healthy: flat at 0.",
        unit="none",
        scale=scale.none_known("Any kill is bad: the alert fires from 1, the topology plans none."),
        queries=(Query(queries.of_replicas(names.CONTAINER_OOM_EVENTS), field_config.REPLICA),),
        transformations=field_config.SHORT_NAMES,
        steps=True,
        soft_max=1,
    )


def cpu() -> Graph:
    """CPU time."""
    return Graph(
        title="CPU of each replica",
        description="Use of vCPUs; 100% is one vCPU, as in docker stats. Healthy: a familiar level.",
        unit="percentunit",
        scale=scale.none_known("The topology plans no CPU per service, so nothing is coloured."),
        queries=(Query(queries.of_replicas(names.CONTAINER_CPU), field_config.REPLICA),),
        transformations=field_config.SHORT_NAMES,
    )


def throttled(built: Built) -> Graph:
    """CPU limits."""
    graph = Graph(
        title="CPU throttling",
        description="Share of scheduling periods in which a replica had to wait because it had used up its CPU limit. "
        "Healthy: a few percent; no line without a CPU limit.",
        unit="percentunit",
        scale=scale.lines("The dashed line is the threshold of ContainerCpuThrottled."),
        queries=(Query(queries.of_replicas(names.CONTAINER_CPU_THROTTLED), field_config.REPLICA),),
        transformations=field_config.SHORT_NAMES,
        soft_max=0.05,
        no_value="no CPU limit",
    )
    return thresholds.drawn(graph, thresholds.of(built.thresholds, "ContainerCpuThrottled"))


def _rate(metric: str) -> str:
    return f"sum(rate({metric}{{{_RAW}}}[$__rate_interval]))"


def network() -> Graph:
    """Traffic of all replicas."""
    return Graph(
        title="Network",
        description="Bytes of all replicas. Healthy: a familiar level; no line in the host's network.",
        unit="Bps",
        scale=scale.none_known("The topology plans no traffic, so nothing is coloured."),
        queries=(
            Query(_rate("container_network_receive_bytes_total"), "received"),
            Query(_rate("container_network_transmit_bytes_total"), "sent"),
        ),
    )


def disk() -> Graph:
    """Disk traffic of all replicas."""
    return Graph(
        title="Disk",
        description="Bytes read and written by all replicas. Healthy: a familiar level; some versions of cAdvisor do "
        "not count them.",
        unit="Bps",
        scale=scale.none_known("The topology plans no disk traffic, so nothing is coloured."),
        queries=(
            Query(_rate("container_fs_reads_bytes_total"), "read"),
            Query(_rate("container_fs_writes_bytes_total"), "written"),
        ),
    )
