"""Tables of the capacity dashboard: servers, services, containers outside the plan, disks."""

from __future__ import annotations

from boxwatch.dashboards import capacity_queries as ask
from boxwatch.dashboards import links, queries
from boxwatch.dashboards.panels import scale, thresholds
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.topology.model import Topology

_SERVER, _SERVICE = "Server", "Service"


def _server(topology: Topology, width: int = 110) -> Label:
    link = links.to_dashboard(topology, "host", "Open this server", server=links.of_column(_SERVER))
    return Label(label=names.SERVER, head=_SERVER, width=width, link=link)


def _service(topology: Topology, width: int = 140) -> Label:
    link = links.to_service(topology, links.of_column(_SERVICE), links.of_column(_SERVER))
    return Label(label=names.SERVICE, head=_SERVICE, width=width, link=link)


def _sizes(*columns: tuple[str, str], width: int = 125) -> tuple[Column, ...]:
    return tuple(Column(head=head, expr=expr, unit="bytes", width=width) for head, expr in columns)


def servers(topology: Topology) -> Table:
    """Each server: the plan, the week, what is left."""
    rows = Rows(
        title="Servers: the plan against the week",
        description="Planned RAM, and its use within seven days. Healthy: a peak below the plan, with plenty left.",
        # The first column takes the remaining width.
        labels=(_server(topology, width=0),),
        columns=(
            *_sizes(
                ("RAM", queries.of_each_server(names.SERVER_MEMORY_PLAN)),
                ("Planned", queries.of_each_server(names.SERVER_MEMORY_PLANNED)),
                ("Used now", queries.of_each_server(names.SERVER_MEMORY_USED)),
                ("95% of week", ask.usual_of_servers()),
                ("Peak of week", ask.peak_of_servers()),
                ("Headroom", queries.planned_headroom()),
            ),
            Column(
                head="Left at the peak",
                expr=ask.headroom_at_peak(),
                unit="bytes",
                scale=scale.headroom(topology),
                width=125,
            ),
        ),
        unit="bytes",
        sort_by=("Peak of week",),
    )
    return table(rows)


def services(topology: Topology) -> Table:
    """Each service: its budget, the week, and what it could give back or lacks."""
    rows = Rows(
        title="Services: the plan against the week",
        description="Combined budget of all replicas, and their use within seven days. Healthy: a peak between half "
        "and nine tenths of the budget: more is tight, less is RAM that others could use.",
        labels=(_service(topology, width=0), _server(topology, width=90)),
        columns=(
            *_sizes(
                ("Budget", queries.of_each_service(names.SERVICE_MEMORY_BUDGET)),
                ("Used now", queries.of_each_service(names.SERVICE_MEMORY_USED)),
                ("95% of week", ask.usual_of_services()),
                ("Peak of week", ask.peak_of_services()),
                ("To spare", ask.spare_of_services()),
                width=105,
            ),
            Column(
                head="Peak of budget",
                expr=ask.peak_share_of_services(),
                unit="percentunit",
                scale=scale.budget_share(topology),
                look="gauge",
                full=1.2,
                width=150,
            ),
            Column(
                head="Full in",
                expr=queries.full_in(),
                unit="dtdurations",
                scale=scale.exhaustion(topology),
                width=125,
            ),
        ),
        unit="bytes",
        sort_by=("Peak of budget",),
    )
    return table(rows)


def outside(topology: Topology) -> Table:
    """Unplanned containers."""
    rows = Rows(
        title="Containers outside the plan",
        description="Containers that belong to no planned service, largest first, without builds. Healthy: no rows.",
        labels=(
            Label(label=names.RESOURCE, head="Resource"),
            Label(label=names.NAME, head="Container"),
            _server(topology),
        ),
        columns=(Column(head="Memory", expr=ask.outside_the_plan(), unit="bytes", width=110),),
        unit="bytes",
        sort_by=("Memory",),
        no_value="all containers are planned",
    )
    return table(rows)


def unlimited(topology: Topology) -> Table:
    """Containers without a memory limit in Docker."""
    rows = Rows(
        title="Containers without a limit",
        description="Containers that can take memory planned for others, largest first. Healthy: only those without a "
        "limit in the topology.",
        labels=(Label(label=names.NAME, head="Container"), _service(topology), _server(topology)),
        columns=(Column(head="Memory", expr=ask.unlimited(), unit="bytes", width=110),),
        unit="bytes",
        sort_by=("Memory",),
        no_value="all containers have a limit",
    )
    return table(rows)


def disks(built: Built) -> Table:
    """Each disk: size, free space, time until full."""
    rows = Rows(
        title="Disks, one row per device",
        description="Space by device, however often it is mounted. Healthy: a quarter or more free, and an empty last "
        "column.",
        labels=(Label(label=names.DEVICE, head="Disk"), _server(built.topology)),
        columns=(
            *_sizes(("Size", queries.of_each_disk(names.DEVICE_DISK_SIZE)), ("Free", ask.bytes_free_of_disks())),
            Column(
                head="Share free",
                expr=queries.of_each_disk(names.DEVICE_DISK_FREE),
                unit="percentunit",
                scale=thresholds.too_little(built.thresholds, "HostDiskLow", "HostDiskCritical"),
                look="gauge",
                width=200,
            ),
            Column(
                head="Inodes free", expr=queries.of_each_disk(names.DEVICE_INODES_FREE), unit="percentunit", width=110
            ),
            Column(
                head="Full in",
                expr=queries.of_each_disk(names.DEVICE_DISK_EXHAUSTION, "min"),
                unit="dtdurations",
                scale=thresholds.too_soon(thresholds.of(built.thresholds, "HostDiskFilling"), "HostDiskFilling"),
                width=130,
            ),
        ),
        unit="bytes",
        sort_by=("Size",),
    )
    return table(rows)
