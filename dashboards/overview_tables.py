"""The overview's tables: services, firing alerts, servers."""

from __future__ import annotations

from boxwatch.dashboards import links, queries
from boxwatch.dashboards.panels import colours, field_config, scale
from boxwatch.dashboards.panels.field_config import Link, State
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.rules import names
from boxwatch.topology.model import Topology

# A link refers to a value by the heading of its column.
_SERVICE, _SERVER = "Service", "Server"
_HEIGHT_OF_HEAD, _MOST_ROWS_SHOWN = 3, 9


def _server(topology: Topology, width: int) -> tuple[tuple[Label, ...], tuple[str, ...]]:
    """The server column, or the label to hide: with a single server its name says nothing."""
    if len(topology.servers) == 1:
        return (), (names.SERVER,)
    return (Label(label=names.SERVER, head=_SERVER, width=width),), ()


def _to_service(topology: Topology) -> Link:
    server = "" if len(topology.servers) == 1 else links.of_column(_SERVER)
    return links.to_service(topology, links.of_column(_SERVICE), server)


def services(topology: Topology) -> Table:
    """Each service against its plan."""
    states = field_config.states(
        State(0, "fine", colours.GOOD), State(1, "near", colours.NEAR), State(2, "over", colours.BAD)
    )
    server, hidden = _server(topology, 80)
    rows = Rows(
        title="Services, worst first",
        description=(
            "Each service against its plan. Healthy: no missing replicas, and memory fine. Click a name to open the "
            "service. Memory is near from the service's own threshold, over from its budget."
        ),
        labels=(Label(label=names.SERVICE, head=_SERVICE, link=_to_service(topology)), *server),
        hidden=hidden,
        columns=(
            Column(
                head="Running",
                expr=queries.of_each_service(names.SERVICE_REPLICAS_RUNNING),
                unit="none",
                width=70,
            ),
            Column(
                head="Wanted",
                expr=queries.of_each_service(names.SERVICE_REPLICAS_DESIRED),
                unit="none",
                width=70,
            ),
            Column(
                head="Missing",
                expr=queries.replicas_missing(),
                unit="none",
                scale=scale.none_is_good(),
                width=85,
            ),
            Column(
                head="Memory",
                expr=queries.memory_state(),
                unit="none",
                scale=scale.over_budget(),
                mappings=tuple(states),
                width=70,
            ),
            Column(
                head="Used",
                expr=queries.of_each_service(names.SERVICE_MEMORY_USED),
                unit="bytes",
                width=85,
            ),
            Column(
                head="Budget",
                expr=queries.of_each_service(names.SERVICE_MEMORY_BUDGET),
                unit="bytes",
                width=85,
            ),
            Column(
                head="Share of budget",
                expr=queries.of_each_service(names.SERVICE_MEMORY_BUDGET_RATIO),
                unit="percentunit",
                scale=scale.budget_share(topology),
                look="gauge",
                full=1.2,
                width=150,
            ),
            Column(
                head="Full in",
                expr=queries.of_each_service(names.CONTAINER_MEMORY_EXHAUSTION, "min"),
                unit="dtdurations",
                scale=scale.exhaustion(topology),
                look="color-text",
                width=80,
            ),
        ),
        sort_by=("Missing", "Share of budget"),
    )
    return table(rows)


def alerts(topology: Topology) -> Table:
    """The firing alerts and where they fire."""
    severities = field_config.states(
        State(queries.CRITICAL, "critical", colours.BAD),
        State(queries.WARNING, "warning", colours.NEAR),
        State(queries.OTHER, "info", colours.QUIET),
    )
    server, hidden = _server(topology, 70)
    rows = Rows(
        title="Alerts firing",
        description="Firing alerts and where they fire. Healthy: an empty table.",
        labels=(
            Label(label=queries.ALERT_NAME, head="Alert"),
            Label(label=names.SERVICE, head=_SERVICE, width=90),
            *server,
        ),
        hidden=hidden,
        columns=(
            Column(
                head="Severity",
                expr=queries.firing(),
                unit="none",
                scale=scale.none_known("Red is critical, amber a warning, grey informational."),
                mappings=tuple(severities),
                width=90,
            ),
        ),
        sort_by=("Severity",),
        # Not "nothing fires": without recorded rules nobody knows.
        no_value="no alert is recorded as firing",
    )
    return table(rows)


def servers_height(topology: Topology) -> int:
    """As high as its rows, up to the point where it scrolls."""
    return _HEIGHT_OF_HEAD + min(len(topology.servers), _MOST_ROWS_SHOWN)


def servers(topology: Topology) -> Table:
    """Planned and used RAM."""
    share = Column(
        head="Share of plan",
        expr=queries.share_of_plan(),
        unit="percentunit",
        scale=scale.plan_share(),
        look="gauge",
        full=1.2,
        width=190,
    )
    free = Column(
        head="Free",
        expr=queries.free_of_each_server(),
        unit="bytes",
        scale=scale.headroom(topology),
        look="color-text",
        width=100,
    )
    recorded = (
        ("Used", names.SERVER_MEMORY_USED),
        ("Planned", names.SERVER_MEMORY_PLANNED),
        ("RAM", names.SERVER_MEMORY_PLAN),
        ("Containers", names.SERVER_MEMORY_CONTAINERS),
        ("Outside plan", names.SERVER_MEMORY_UNPLANNED),
        ("Overhead", names.SERVER_MEMORY_OVERHEAD),
        ("Reserve", names.SERVER_MEMORY_RESERVED),
    )
    used, planned, ram, *rest = (
        Column(head=head, expr=queries.of_each_server(series), unit="bytes", width=110) for head, series in recorded
    )
    to_host = links.to_dashboard(topology, "host", "Open this server", server=links.of_column(_SERVER))
    headroom = Column(head="Headroom", expr=queries.planned_headroom(), unit="bytes", width=100)
    rows = Rows(
        title="Servers, fullest first",
        description=(
            "Planned and used RAM. Healthy: a share of the plan below 100%, and overhead within its reserve. Headroom "
            "is what the plan leaves; free is what the kernel could hand out now."
        ),
        labels=(Label(label=names.SERVER, head=_SERVER, link=to_host),),
        columns=(share, used, free, planned, headroom, ram, *rest),
        unit="bytes",
        sort_by=("Share of plan",),
    )
    return table(rows)
