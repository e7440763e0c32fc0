"""The memory plan in numbers: what each service takes, what each server has, and what is left.

The arithmetic follows the deployment's documents: stated = stated services + reserve, assumed = services whose memory
is an estimate, planned = stated + assumed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from boxwatch.topology.model import Server, Service, Topology


@dataclass(frozen=True, slots=True)
class Row:
    """One service on one server. Memory in bytes.

    Attributes:
        service: name of the service.
        kind: kind of the service.
        server: server of this row; a service on two servers has two rows.
        replicas: replicas on this server; 0 for a parked service.
        per_replica: memory of one replica.
        total: memory of all replicas on this server.
        assumed: True if the memory is an estimate.
    """

    service: str
    kind: str
    server: str
    replicas: int
    per_replica: int
    total: int
    assumed: bool


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """One server and everything planned on it. Memory in bytes.

    Attributes:
        server: name of the server.
        cpus: number of vCPUs.
        disk: disk size in bytes.
        memory: RAM as sold.
        reserved: RAM for the operating system, Docker and builds.
        stated_total: total according to the documents, or None.
        rows: its services in the order of the file.
        services_stated: sum of the services whose RAM was stated.
        services_assumed: sum of the services whose RAM is assumed.
    """

    server: str
    cpus: int
    disk: int
    memory: int
    reserved: int
    stated_total: int | None
    rows: tuple[Row, ...]
    services_stated: int
    services_assumed: int

    @property
    def stated(self) -> int:
        """Stated services plus the reserve, in bytes."""
        return self.services_stated + self.reserved

    @property
    def planned(self) -> int:
        """Stated plus assumed, in bytes."""
        return self.stated + self.services_assumed

    @property
    def headroom(self) -> int:
        """RAM left over, in bytes; negative if the plan exceeds the server."""
        return self.memory - self.planned


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a whole topology, one entry per server, in the order of the file."""

    name: str
    servers: tuple[ServerPlan, ...]

    def to_json(self) -> dict[str, object]:
        """The plan as plain values for `json.dumps`: memory in bytes, sums included."""
        return {"name": self.name, "servers": [_server_json(server) for server in self.servers]}


def plan(topology: Topology) -> Plan:
    """Compute the plan of a topology, server by server."""
    services = _by_server(topology)
    return Plan(topology.name, tuple(_server(server, services[server.name]) for server in topology.servers))


def _by_server(topology: Topology) -> Mapping[str, list[Service]]:
    services: defaultdict[str, list[Service]] = defaultdict(list)
    for service in topology.services:
        for server in service.server:
            services[server].append(service)
    return services


def _server(server: Server, services: list[Service]) -> ServerPlan:
    rows = tuple(_row(service, server.name) for service in services)
    return ServerPlan(
        server=server.name,
        cpus=server.cpus,
        disk=server.disk,
        memory=server.memory,
        reserved=server.reserved,
        stated_total=server.stated_total,
        rows=rows,
        services_stated=sum(row.total for row in rows if not row.assumed),
        services_assumed=sum(row.total for row in rows if row.assumed),
    )


def _row(service: Service, server: str) -> Row:
    return Row(
        service=service.name,
        kind=service.kind,
        server=server,
        replicas=service.replicas,
        per_replica=service.memory,
        total=service.replicas * service.memory,
        assumed=service.assumed,
    )


def _server_json(server: ServerPlan) -> dict[str, object]:
    return {
        "name": server.server,
        "cpus": server.cpus,
        "disk_bytes": server.disk,
        "memory_bytes": server.memory,
        "reserved_bytes": server.reserved,
        "services_stated_bytes": server.services_stated,
        "services_assumed_bytes": server.services_assumed,
        "stated_bytes": server.stated,
        "stated_total_bytes": server.stated_total,
        "planned_bytes": server.planned,
        "headroom_bytes": server.headroom,
        "services": [
            {
                "name": row.service,
                "kind": row.kind,
                "replicas": row.replicas,
                "memory_per_replica_bytes": row.per_replica,
                "memory_bytes": row.total,
                "assumed": row.assumed,
            }
            for row in server.rows
        ],
    }
