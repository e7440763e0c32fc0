"""The overview's tables: services, firing alerts, servers."""

from __future__ import annotations

from boxwatch.dashboards import alert_timelines, links, queries
from boxwatch.dashboards.panels import colours, field_config, scale, thresholds
from boxwatch.dashboards.panels.field_config import Link, State
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.requests import requests, service_requests
from boxwatch.topology.model import Topology

# A link refers to a value by the heading of its column.
_SERVICE, _SERVER = "Service", "Server"
_HEIGHT_OF_HEAD, _MOST_ROWS_SHOWN, _MOST_SERVICES_SHOWN = 3, 9, 11


def _server(topology: Topology, width: int) -> tuple[tuple[Label, ...], tuple[str, ...]]:
    """The server column, or the label to hide: with a single server its name says nothing."""
    if len(topology.servers) == 1:
        return (), (names.SERVER,)
    return (Label(label=names.SERVER, head=_SERVER, width=width),), ()


def _to_service(topology: Topology) -> Link:
    server = "" if len(topology.servers) == 1 else links.of_column(_SERVER)
    return links.to_service(topology, links.of_column(_SERVICE), server)


def services_height(topology: Topology) -> int:
    """As high as its rows, up to the point where it scrolls."""
    rows = sum(len(service.server) for service in topology.services)
    return _HEIGHT_OF_HEAD + min(rows, _MOST_SERVICES_SHOWN)


def services(topology: Topology) -> Table:
    """Each service against its plan."""
    states = field_config.states(
        State(0, "fine", colours.GOOD), State(1, "near", colours.NEAR), State(2, "over", colours.BAD)
    )
    server, hidden = _server(topology, 90)
    rows = Rows(
        title="Services, worst first",
        description=(
            "Each service against its plan, and what happened to it within the time range. Healthy: no missing "
            "replicas, and memory fine. Click a name to open the service. Memory is near or over as soon as one "
            "replica is."
        ),
        labels=(Label(label=names.SERVICE, head=_SERVICE, link=_to_service(topology)), *server),
        hidden=hidden,
        columns=(
            Column(
                head="Running",
                expr=queries.of_each_service(names.SERVICE_REPLICAS_RUNNING),
                unit="none",
                width=80,
            ),
            Column(
                head="Planned",
                expr=queries.of_each_service(names.SERVICE_REPLICAS_DESIRED),
                unit="none",
                width=80,
            ),
            Column(
                head="Missing",
                expr=queries.replicas_missing(),
                unit="none",
                scale=scale.none_is_good(),
                width=90,
            ),
            Column(
                head="Memory",
                expr=queries.memory_state(),
                unit="none",
                scale=scale.over_budget(),
                mappings=tuple(states),
                width=80,
            ),
            Column(
                head="Fullest replica",
                expr=queries.fullest(),
                unit="percentunit",
                scale=scale.budget_share(topology),
                look="gauge",
                full=1.2,
                width=140,
            ),
            Column(
                head="Full in",
                expr=queries.full_in(),
                unit="dtdurations",
                scale=scale.exhaustion(topology),
                width=125,
            ),
            Column(head="OOM kills", expr=queries.kills(), unit="none", scale=scale.none_is_good(), width=85),
            Column(
                head="Restarts", expr=queries.restarts(), unit="none", scale=scale.none_is_good(colours.NEAR), width=80
            ),
            # Traefik's server need not be the service's.
            *((_failing(topology),) if requests.scraped(topology) and len(topology.servers) == 1 else ()),
        ),
        sort_by=("Missing", "Fullest replica"),
    )
    return table(rows)


def _failing(topology: Topology) -> Column:
    measured = f"0 * {queries.of_each_service(names.SERVICE_REQUESTS)}"
    return Column(
        head="Failing",
        expr=f"({queries.failing()}) or {measured}",
        unit="percentunit",
        scale=scale.alert_above(topology, "ServiceErrorsHigh", service_requests.FAILED_SHARE, scale.percent),
        width=80,
    )


def alerts(topology: Topology) -> Table:
    """The firing alerts, where they fire and since when."""
    server, hidden = _server(topology, 80)
    rows = Rows(
        title="Alerts firing",
        description="Firing alerts, where they fire, and since when their condition has held. Healthy: an empty table. "
        "Links are in the panel next to it.",
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
                mappings=alert_timelines.SEVERITIES,
                width=90,
            ),
            Column(head="For", expr=queries.firing_since(), unit="dtdurations", width=125),
        ),
        sort_by=("Severity", "For"),
        # Not "nothing fires": without recorded rules nobody knows.
        no_value="no alert is recorded as firing",
    )
    return table(rows)


def servers_height(topology: Topology) -> int:
    """As high as its rows, up to the point where it scrolls."""
    return _HEIGHT_OF_HEAD + min(len(topology.servers), _MOST_ROWS_SHOWN)


def servers(built: Built) -> Table:
    """Planned and used RAM, CPU, disk."""
    topology, numbers = built.topology, built.thresholds
    share = Column(
        head="Share of plan",
        expr=queries.share_of_plan(),
        unit="percentunit",
        scale=scale.plan_share(),
        look="gauge",
        full=1.2,
        width=125,
    )
    free = Column(
        head="Free",
        expr=queries.free_of_each_server(),
        unit="bytes",
        scale=scale.headroom(topology),
        width=82,
    )
    recorded = (
        ("Used", names.SERVER_MEMORY_USED),
        ("Planned", names.SERVER_MEMORY_PLANNED),
        ("RAM", names.SERVER_MEMORY_PLAN),
        ("Outside plan", names.SERVER_MEMORY_UNPLANNED),
        ("Overhead", names.SERVER_MEMORY_OVERHEAD),
    )
    used, planned, ram, *rest = (
        Column(
            head=head, expr=queries.of_each_server(series), unit="bytes", width=110 if head == "Outside plan" else 82
        )
        for head, series in recorded
    )
    cpu = Column(
        head="CPU",
        expr=queries.of_each_server(names.SERVER_CPU_USED),
        unit="percentunit",
        scale=thresholds.too_much(thresholds.of(numbers, "HostCpuSaturated"), "HostCpuSaturated"),
        width=70,
    )
    disk = Column(
        head="Disk left",
        expr=f"min by ({names.BY_SERVER}) ({queries.at(names.DEVICE_DISK_FREE)})",
        unit="percentunit",
        scale=thresholds.too_little(numbers, "HostDiskLow", "HostDiskCritical"),
        width=90,
    )
    to_host = links.to_dashboard(topology, "host", "Open this server", server=links.of_column(_SERVER))
    headroom = Column(head="Headroom", expr=queries.planned_headroom(), unit="bytes", width=95)
    rows = Rows(
        title="Servers, fullest first",
        description=(
            "Planned and used RAM. Healthy: a share of the plan below 100%, and overhead within its reserve. Headroom "
            "is what the plan leaves; free is what the kernel could hand out now."
        ),
        labels=(Label(label=names.SERVER, head=_SERVER, link=to_host),),
        columns=(share, used, free, planned, headroom, ram, *rest, cpu, disk),
        unit="bytes",
        sort_by=("Share of plan",),
    )
    return table(rows)
