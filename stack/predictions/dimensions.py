"""What the number of series depends on: containers, CPUs, disks, databases, routes.

The topology states some of it. The rest is assumed, as it was measured on servers like the default deployment's.
"""

from __future__ import annotations

from dataclasses import dataclass

from boxwatch.topology import kinds
from boxwatch.topology.model import Topology

# Coolify's own containers that no plan lists one by one: a proxy for each public database, a build now and then.
_FURTHER_CONTAINERS = 2
# Of the status codes and methods that a route answers with: 200, 304, 404 and 500 to GET and POST, most of them.
_ANSWERS = 5
# Started by Coolify itself, or one resource of many containers.
_NOT_DEPLOYED = frozenset({"coolify", "traefik", "monitoring"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions:
    """Numbers of things, per server or per service.

    Attributes:
        cpus: vCPUs.
        containers: containers that run, with old ones of deployments whose series are still in memory.
        interfaces: network interfaces of the server, without those of containers.
        disks: disks and their partitions, as the kernel counts input and output.
        mounts: file systems.
        databases: databases of one PostgreSQL, with its own two.
        tables: tables of one PostgreSQL, of the database that the exporter connects to.
        indexes: indexes of these.
        commands: Redis commands in use.
        nodes: nodes of one Elasticsearch.
        routes: Traefik services that answer requests.
        answers: combinations of status code and method of one route.
        buckets: bounds of Traefik's histogram.
        queues: queues of one RabbitMQ.
        jobs: scrape jobs.
        groups: groups of rules.
        resources: applications, services and databases in Coolify.
        applications: those of them that are deployed from a repository.
        managed: those of them that are databases with a backup.
    """

    cpus: int = 8
    containers: int = 25
    interfaces: int = 1
    disks: int = 3
    mounts: int = 3
    databases: int = 3
    tables: int = 20
    indexes: int = 30
    commands: int = 14
    nodes: int = 1
    routes: int = 3
    answers: int = _ANSWERS
    buckets: int = 5
    queues: int = 10
    jobs: int = 12
    groups: int = 70
    resources: int = 12
    applications: int = 7
    managed: int = 2


def containers(topology: Topology, server: str) -> int:
    """Containers planned on a server, and a few that no plan lists."""
    return _FURTHER_CONTAINERS + sum(
        service.replicas * len(service.components) for service in topology.services_on(server)
    )


def of(topology: Topology, server: str, *, jobs: int, groups: int) -> Dimensions:
    """The numbers for one server."""
    found = next(one for one in topology.servers if one.name == server)
    here = topology.services_on(server)
    deployed = [one for one in here if one.kind not in _NOT_DEPLOYED]
    managed = [one for one in deployed if kinds.of(one.kind).holds_data]
    return Dimensions(
        cpus=found.cpus,
        containers=containers(topology, server),
        # Routers exist for what users or other servers reach by name.
        routes=max(1, sum(1 for one in here if one.faces_users or one.url)),
        buckets=len(topology.latency_buckets) + 1,
        jobs=jobs,
        groups=groups,
        resources=sum(one.replicas for one in deployed),
        applications=sum(one.replicas for one in deployed) - len(managed),
        managed=len(managed),
    )
