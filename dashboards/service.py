"""One service: its replicas, their memory, and what happened to them."""

from __future__ import annotations

from boxwatch.dashboards import answerable, layout, links, queries, render
from boxwatch.dashboards.panels import colours, field_config, scale
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.dashboards.variables import SERVERS, SERVICE
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.topology.model import Topology

_WEEK = 7 * 86400
_COMPONENT = f"{{{{{names.COMPONENT}}}}}"


def build(built: Built) -> Node | None:
    """The dashboard as JSON; None without containers."""
    topology = built.topology
    if not any(map(topology.has_containers, topology.services)):
        return None
    page = render.Page(
        id="service",
        title="Service",
        description="Are the replicas of this service running, do they fit into their memory, and what happened to "
        "them?",
        variables=(SERVERS, SERVICE),
        marked=queries.OF_SERVICE,
        panels=layout.place(
            *answerable.lines(
                built,
                layout.even(4, *_first_answer(topology)),
                layout.heading("Memory"),
                layout.line(10, (_memory(), 14), (_replica_table(topology), 10)),
                layout.even(8, _exhaustion(topology), _limit_share(topology), _page_cache()),
                layout.heading("Replicas"),
                layout.even(8, _running(), _restarts(), _replacements()),
                layout.heading("CPU and kills"),
                layout.even(8, _cpu(), _oom()),
            )
        ),
    )
    return render.build(page, topology)


def _first_answer(topology: Topology) -> tuple[Stat, ...]:
    return (
        Stat(
            title="Alerts",
            description="Alerts firing for this service. Healthy: both 0.",
            unit="none",
            scale=scale.none_is_good(),
            queries=(
                Query(queries.service_alerts("critical"), "critical"),
                Query(queries.service_alerts("warning"), "warning"),
            ),
            overrides=(field_config.query("B", ("thresholds", scale.none_is_good(colours.NEAR).to_json())),),
        ),
        Stat(
            title="Replicas",
            description="Replicas on the chosen servers: missing, running and desired. Healthy: 0 missing.",
            unit="none",
            scale=scale.none_is_good(),
            queries=(
                Query(queries.missing_of_service(), "missing"),
                Query(queries.of_service(names.SERVICE_REPLICAS_RUNNING), "running"),
                Query(queries.of_service(names.SERVICE_REPLICAS_DESIRED), "wanted"),
            ),
            overrides=tuple(field_config.query(ref_id, field_config.colour(colours.QUIET)) for ref_id in ("B", "C")),
        ),
        Stat(
            title="Share of budget",
            description="Memory of all replicas against their combined budget, on the fullest server. Healthy: green.",
            unit="percentunit",
            scale=scale.budget_share(topology),
            queries=(Query(queries.of_service(names.SERVICE_MEMORY_BUDGET_RATIO, "max")),),
        ),
        Stat(
            title="Budget full in",
            description="Time until the first replica reaches its budget, by the trend of six hours. Healthy: no "
            "growth.",
            unit="dtdurations",
            scale=scale.exhaustion(topology),
            queries=(Query(queries.of_service(names.CONTAINER_MEMORY_EXHAUSTION, "min")),),
            no_value="no growth",
        ),
        Stat(
            title="Restarts",
            description="Restarts of the same containers in 15 minutes. Healthy: 0.",
            unit="none",
            scale=scale.restarts(topology),
            queries=(Query(queries.of_service(names.COMPONENT_RESTARTS)),),
        ),
        Stat(
            title="OOM kills",
            description="Processes killed by the kernel's OOM killer within ten minutes. Healthy: 0.",
            unit="none",
            scale=scale.none_is_good(),
            queries=(Query(queries.oom_kills()),),
        ),
    )


def _memory() -> Graph:
    return Graph(
        title="Memory of each replica",
        description="Memory as counted against the budget. Healthy: every line below the dashed one.",
        unit="bytes",
        scale=scale.lines(
            "The dashed line is one replica's budget as recorded from the topology, the solid line the limit enforced "
            "by Docker; no solid line means no limit."
        ),
        queries=(
            Query(queries.of_replicas(names.CONTAINER_MEMORY_USED), field_config.REPLICA),
            Query(queries.limits_in_force(), f"limit {_COMPONENT}"),
            # Last, so that the dashes stay visible where budget and limit are equal.
            Query(queries.of_components(names.COMPONENT_MEMORY_BUDGET), f"budget {_COMPONENT}"),
        ),
        overrides=(field_config.limit_line("B"), field_config.plan_line("C")),
        transformations=field_config.SHORT_NAMES,
        fill=10,
        table=True,
    )


def _replica_table(topology: Topology) -> Table:
    to_host = links.to_dashboard(topology, "host", "Open its server", server=links.of_column("Server"))
    rows = Rows(
        title="Replicas now",
        description="Each container of the service. Healthy: a green share of the budget, and an expected age.",
        labels=(
            Label(label=names.RESOURCE, head="Resource", width=90),
            Label(label=names.COMPONENT, head="Component", width=100),
            Label(label=names.NAME, head="Container"),
            Label(label=names.SERVER, head="Server", width=75, link=to_host),
        ),
        hidden=(names.SERVICE,),
        columns=(
            Column(
                head="Share of budget",
                expr=queries.of_replicas(names.CONTAINER_MEMORY_BUDGET_RATIO),
                unit="percentunit",
                scale=scale.budget_share(topology),
                look="gauge",
                full=1.2,
                width=140,
            ),
            Column(head="Age", expr=queries.age_of_replicas(), unit="dtdurations", width=95),
        ),
        sort_by=("Share of budget",),
    )
    return table(rows)


def _exhaustion(topology: Topology) -> Graph:
    return Graph(
        title="Time until the budget is reached",
        description="The trend of six hours, extrapolated up to a week. Healthy: no line, or one far above a day.",
        unit="dtdurations",
        scale=scale.exhaustion(topology),
        queries=(
            Query(queries.of_replicas(names.CONTAINER_MEMORY_EXHAUSTION), field_config.REPLICA),
            Query(queries.of_service(names.SERVICE_EXHAUSTED_WITHIN, "min"), "alert below"),
        ),
        overrides=(field_config.plan_line("B"),),
        transformations=field_config.SHORT_NAMES,
        max=_WEEK,
    )


def _limit_share(topology: Topology) -> Graph:
    return Graph(
        title="Unreclaimable share of the limit",
        description="The OOM killer's measure: memory without page cache, against Docker's limit. Healthy: below the "
        "line.",
        unit="percentunit",
        scale=scale.limit_share(topology),
        queries=(
            Query(queries.of_replicas(names.CONTAINER_MEMORY_LIMIT_RATIO), field_config.REPLICA),
            Query(queries.of_service(names.SERVICE_NEAR_LIMIT, "min"), "alert above"),
        ),
        overrides=(field_config.plan_line("B"),),
        transformations=field_config.SHORT_NAMES,
    )


def _page_cache() -> Graph:
    return Graph(
        title="Page cache in use",
        description="File cache that the kernel reclaims when memory is needed. Healthy: any amount; a database that "
        "fills it is fine.",
        unit="bytes",
        scale=scale.none_known("No amount is bad in itself, so nothing is coloured."),
        queries=(Query(queries.page_cache(), field_config.REPLICA),),
        transformations=field_config.SHORT_NAMES,
    )


def _running() -> Graph:
    return Graph(
        title="Replicas running",
        description="Replicas by component. Healthy: running and healthy on the dashed line; above it for a few "
        "minutes means a deploy.",
        unit="none",
        scale=scale.lines("The dashed line is the number of replicas in the topology."),
        queries=(
            Query(queries.of_components(names.COMPONENT_REPLICAS_RUNNING), f"running {_COMPONENT}"),
            Query(queries.of_components(names.COMPONENT_REPLICAS_HEALTHY), f"healthy {_COMPONENT}"),
            Query(queries.of_components(names.COMPONENT_REPLICAS_DESIRED), f"wanted {_COMPONENT}"),
        ),
        overrides=(
            field_config.query("A", field_config.colour(colours.USE)),
            field_config.query("B", field_config.colour(colours.GOOD)),
            field_config.plan_line("C"),
        ),
        steps=True,
    )


def _restarts() -> Graph:
    return Graph(
        title="Restarts in 15 minutes",
        description="Restarts of the same containers. Healthy: flat at 0.",
        unit="none",
        scale=scale.lines("The dashed line is the number of restarts at which the alert fires."),
        queries=(
            Query(queries.of_components(names.COMPONENT_RESTARTS), f"restarts {_COMPONENT}"),
            Query(queries.of_service(names.SERVICE_RESTARTS_THRESHOLD, "min"), "alert from"),
        ),
        overrides=(field_config.plan_line("B"),),
        steps=True,
    )


def _replacements() -> Graph:
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
        steps=True,
    )


def _cpu() -> Graph:
    return Graph(
        title="CPU of each replica",
        description="Use of vCPUs; 100% is one vCPU, as in docker stats. Healthy: a familiar level.",
        unit="percentunit",
        scale=scale.none_known("The topology plans no CPU per service, so nothing is coloured."),
        queries=(Query(queries.of_replicas(names.CONTAINER_CPU), field_config.REPLICA),),
        transformations=field_config.SHORT_NAMES,
        table=True,
    )


def _oom() -> Graph:
    return Graph(
        title="OOM kills in 10 minutes",
        description="Processes killed because their container reached its limit. Healthy: flat at 0.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(Query(queries.of_replicas(names.CONTAINER_OOM_EVENTS), field_config.REPLICA),),
        transformations=field_config.SHORT_NAMES,
        steps=True,
        table=True,
        soft_max=1,
    )
