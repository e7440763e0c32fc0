"""Resource metrics: applications, services and databases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import Metric as Family
from prometheus_client.registry import Collector

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.collectors.family import Sample, family, one, one_of
from boxwatch.exporters.coolify.resources import Part
from boxwatch.exporters.coolify.snapshot import Shown
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore


class ResourcesCollector(Collector):
    """State, health, restarts and limits of each resource; state and health of each service part.

    # TYPE coolify_resource_info gauge
    coolify_resource_info{account="main",coolify_server="box",environment="live",name="api",project="shop",resource="api",subtype="nixpacks",type="application",uuid="a1"} 1.0
    coolify_resource_info{account="main",coolify_server="box",environment="live",name="db",project="shop",resource="db",subtype="redis",type="database",uuid="d1"} 1.0
    coolify_resource_info{account="main",coolify_server="box",environment="live",name="search",project="shop",resource="search",subtype="",type="service",uuid="v1"} 1.0
    # TYPE coolify_resource_state gauge
    coolify_resource_state{account="main",environment="live",project="shop",resource="api",state="running",type="application",uuid="a1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="api",state="starting",type="application",uuid="a1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="api",state="restarting",type="application",uuid="a1"} 1.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="api",state="degraded",type="application",uuid="a1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="api",state="paused",type="application",uuid="a1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="api",state="exited",type="application",uuid="a1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="api",state="unknown",type="application",uuid="a1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="db",state="running",type="database",uuid="d1"} 1.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="db",state="starting",type="database",uuid="d1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="db",state="restarting",type="database",uuid="d1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="db",state="degraded",type="database",uuid="d1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="db",state="paused",type="database",uuid="d1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="db",state="exited",type="database",uuid="d1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="db",state="unknown",type="database",uuid="d1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="search",state="running",type="service",uuid="v1"} 1.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="search",state="starting",type="service",uuid="v1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="search",state="restarting",type="service",uuid="v1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="search",state="degraded",type="service",uuid="v1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="search",state="paused",type="service",uuid="v1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="search",state="exited",type="service",uuid="v1"} 0.0
    coolify_resource_state{account="main",environment="live",project="shop",resource="search",state="unknown",type="service",uuid="v1"} 0.0
    # TYPE coolify_resource_health gauge
    coolify_resource_health{account="main",environment="live",project="shop",resource="api",state="healthy",type="application",uuid="a1"} 0.0
    coolify_resource_health{account="main",environment="live",project="shop",resource="api",state="unhealthy",type="application",uuid="a1"} 0.0
    coolify_resource_health{account="main",environment="live",project="shop",resource="api",state="starting",type="application",uuid="a1"} 0.0
    coolify_resource_health{account="main",environment="live",project="shop",resource="api",state="unknown",type="application",uuid="a1"} 1.0
    coolify_resource_health{account="main",environment="live",project="shop",resource="db",state="healthy",type="database",uuid="d1"} 1.0
    coolify_resource_health{account="main",environment="live",project="shop",resource="db",state="unhealthy",type="database",uuid="d1"} 0.0
    coolify_resource_health{account="main",environment="live",project="shop",resource="db",state="starting",type="database",uuid="d1"} 0.0
    coolify_resource_health{account="main",environment="live",project="shop",resource="db",state="unknown",type="database",uuid="d1"} 0.0
    coolify_resource_health{account="main",environment="live",project="shop",resource="search",state="healthy",type="service",uuid="v1"} 1.0
    coolify_resource_health{account="main",environment="live",project="shop",resource="search",state="unhealthy",type="service",uuid="v1"} 0.0
    coolify_resource_health{account="main",environment="live",project="shop",resource="search",state="starting",type="service",uuid="v1"} 0.0
    coolify_resource_health{account="main",environment="live",project="shop",resource="search",state="unknown",type="service",uuid="v1"} 0.0
    # TYPE coolify_resource_excluded gauge
    coolify_resource_excluded{account="main",environment="live",project="shop",resource="api",type="application",uuid="a1"} 0.0
    coolify_resource_excluded{account="main",environment="live",project="shop",resource="db",type="database",uuid="d1"} 0.0
    coolify_resource_excluded{account="main",environment="live",project="shop",resource="search",type="service",uuid="v1"} 0.0
    # TYPE coolify_resource_server_reachable gauge
    coolify_resource_server_reachable{account="main",environment="live",project="shop",resource="api",type="application",uuid="a1"} 1.0
    coolify_resource_server_reachable{account="main",environment="live",project="shop",resource="db",type="database",uuid="d1"} 1.0
    coolify_resource_server_reachable{account="main",environment="live",project="shop",resource="search",type="service",uuid="v1"} 1.0
    # TYPE coolify_resource_last_online_timestamp_seconds gauge
    coolify_resource_last_online_timestamp_seconds{account="main",environment="live",project="shop",resource="api",type="application",uuid="a1"} 1.7873964e+09
    coolify_resource_last_online_timestamp_seconds{account="main",environment="live",project="shop",resource="db",type="database",uuid="d1"} 1.7873964e+09
    # TYPE coolify_resource_restarts gauge
    coolify_resource_restarts{account="main",environment="live",project="shop",resource="api",type="application",uuid="a1"} 0.0
    # TYPE coolify_resource_restart_limit gauge
    coolify_resource_restart_limit{account="main",environment="live",project="shop",resource="api",type="application",uuid="a1"} 0.0
    # TYPE coolify_resource_restart_limit_reached gauge
    coolify_resource_restart_limit_reached{account="main",environment="live",project="shop",resource="api",type="application",uuid="a1"} 0.0
    # TYPE coolify_resource_last_restart_timestamp_seconds gauge
    coolify_resource_last_restart_timestamp_seconds{account="main",environment="live",project="shop",resource="api",type="application",uuid="a1"} 1.7873991e+09
    # TYPE coolify_resource_memory_limit_bytes gauge
    coolify_resource_memory_limit_bytes{account="main",environment="live",project="shop",resource="api",type="application",uuid="a1"} 1.073741824e+09
    coolify_resource_memory_limit_bytes{account="main",environment="live",project="shop",resource="db",type="database",uuid="d1"} 4.294967296e+09
    # TYPE coolify_resource_memory_reservation_bytes gauge
    coolify_resource_memory_reservation_bytes{account="main",environment="live",project="shop",resource="api",type="application",uuid="a1"} 0.0
    coolify_resource_memory_reservation_bytes{account="main",environment="live",project="shop",resource="db",type="database",uuid="d1"} 0.0
    # TYPE coolify_resource_cpu_limit_cores gauge
    coolify_resource_cpu_limit_cores{account="main",environment="live",project="shop",resource="api",type="application",uuid="a1"} 0.0
    coolify_resource_cpu_limit_cores{account="main",environment="live",project="shop",resource="db",type="database",uuid="d1"} 0.0
    # TYPE coolify_resource_public gauge
    coolify_resource_public{account="main",environment="live",project="shop",resource="db",type="database",uuid="d1"} 0.0
    # TYPE coolify_domain_info gauge
    coolify_domain_info{account="main",domain="api00000.example.com",environment="live",project="shop",resource="api",scheme="https",type="application",uuid="a1"} 1.0
    # TYPE coolify_service_part_state gauge
    coolify_service_part_state{account="main",environment="live",part="es",project="shop",resource="search",state="running",uuid="v1"} 1.0
    coolify_service_part_state{account="main",environment="live",part="es",project="shop",resource="search",state="starting",uuid="v1"} 0.0
    coolify_service_part_state{account="main",environment="live",part="es",project="shop",resource="search",state="restarting",uuid="v1"} 0.0
    coolify_service_part_state{account="main",environment="live",part="es",project="shop",resource="search",state="degraded",uuid="v1"} 0.0
    coolify_service_part_state{account="main",environment="live",part="es",project="shop",resource="search",state="paused",uuid="v1"} 0.0
    coolify_service_part_state{account="main",environment="live",part="es",project="shop",resource="search",state="exited",uuid="v1"} 0.0
    coolify_service_part_state{account="main",environment="live",part="es",project="shop",resource="search",state="unknown",uuid="v1"} 0.0
    coolify_service_part_state{account="main",environment="live",part="db",project="shop",resource="search",state="running",uuid="v1"} 1.0
    coolify_service_part_state{account="main",environment="live",part="db",project="shop",resource="search",state="starting",uuid="v1"} 0.0
    coolify_service_part_state{account="main",environment="live",part="db",project="shop",resource="search",state="restarting",uuid="v1"} 0.0
    coolify_service_part_state{account="main",environment="live",part="db",project="shop",resource="search",state="degraded",uuid="v1"} 0.0
    coolify_service_part_state{account="main",environment="live",part="db",project="shop",resource="search",state="paused",uuid="v1"} 0.0
    coolify_service_part_state{account="main",environment="live",part="db",project="shop",resource="search",state="exited",uuid="v1"} 0.0
    coolify_service_part_state{account="main",environment="live",part="db",project="shop",resource="search",state="unknown",uuid="v1"} 0.0
    # TYPE coolify_service_part_health gauge
    coolify_service_part_health{account="main",environment="live",part="es",project="shop",resource="search",state="healthy",uuid="v1"} 1.0
    coolify_service_part_health{account="main",environment="live",part="es",project="shop",resource="search",state="unhealthy",uuid="v1"} 0.0
    coolify_service_part_health{account="main",environment="live",part="es",project="shop",resource="search",state="starting",uuid="v1"} 0.0
    coolify_service_part_health{account="main",environment="live",part="es",project="shop",resource="search",state="unknown",uuid="v1"} 0.0
    coolify_service_part_health{account="main",environment="live",part="db",project="shop",resource="search",state="healthy",uuid="v1"} 1.0
    coolify_service_part_health{account="main",environment="live",part="db",project="shop",resource="search",state="unhealthy",uuid="v1"} 0.0
    coolify_service_part_health{account="main",environment="live",part="db",project="shop",resource="search",state="starting",uuid="v1"} 0.0
    coolify_service_part_health{account="main",environment="live",part="db",project="shop",resource="search",state="unknown",uuid="v1"} 0.0
    # TYPE coolify_service_part_excluded gauge
    coolify_service_part_excluded{account="main",environment="live",part="es",project="shop",resource="search",uuid="v1"} 0.0
    coolify_service_part_excluded{account="main",environment="live",part="db",project="shop",resource="search",uuid="v1"} 0.0
    # TYPE coolify_service_part_public gauge
    coolify_service_part_public{account="main",environment="live",part="db",project="shop",resource="search",uuid="v1"} 0.0
    # TYPE coolify_service_part_last_online_timestamp_seconds gauge
    coolify_service_part_last_online_timestamp_seconds{account="main",environment="live",part="es",project="shop",resource="search",uuid="v1"} 1.7873964e+09
    coolify_service_part_last_online_timestamp_seconds{account="main",environment="live",part="db",project="shop",resource="search",uuid="v1"} 1.7873964e+09
    """  # noqa: E501 - lines of the page

    def __init__(self, snapshots: SnapshotStore) -> None:
        """Read from the snapshot store."""
        self._snapshots = snapshots

    def collect(self) -> Iterator[Family]:
        """Build the families from memory."""
        found = [shown for snapshot in self._snapshots.current for shown in snapshot.resources]

        def each(read: Callable[[Shown], Iterable[Sample]]) -> Iterator[Sample]:
            for shown in found:
                yield from read(shown)

        yield family(names.RESOURCE_INFO, each(_info))
        yield family(names.RESOURCE_STATE, each(lambda s: one_of(s.labels, names.STATES, s.status.state)))
        yield family(names.RESOURCE_HEALTH, each(lambda s: one_of(s.labels, names.HEALTHS, s.status.health)))
        yield family(names.RESOURCE_EXCLUDED, each(lambda s: one(s.labels, s.status.excluded)))
        yield family(names.RESOURCE_SERVER_REACHABLE, each(lambda s: one(s.labels, s.reachable)))
        yield family(names.RESOURCE_LAST_ONLINE, each(lambda s: one(s.labels, s.resource.last_online)))
        yield family(names.RESOURCE_RESTARTS, each(lambda s: one(s.labels, s.resource.restarts)))
        yield family(names.RESOURCE_RESTART_LIMIT, each(lambda s: one(s.labels, s.resource.restart_limit)))
        yield family(
            names.RESOURCE_RESTART_LIMIT_REACHED, each(lambda s: one(s.labels, s.resource.restart_limit_reached))
        )
        yield family(names.RESOURCE_LAST_RESTART, each(lambda s: one(s.labels, s.resource.last_restart)))
        yield family(names.RESOURCE_MEMORY_LIMIT, each(lambda s: one(s.labels, s.resource.memory_limit)))
        yield family(names.RESOURCE_MEMORY_RESERVATION, each(lambda s: one(s.labels, s.resource.memory_reservation)))
        yield family(names.RESOURCE_CPU_LIMIT, each(lambda s: one(s.labels, s.resource.cpu_limit)))
        yield family(names.RESOURCE_PUBLIC, each(lambda s: one(s.labels, s.resource.public)))
        yield family(names.DOMAIN_INFO, each(_domains))
        parts = [
            ((shown.labels[0], *shown.labels[2:], part.name), part) for shown in found for part in shown.resource.parts
        ]

        def each_part(read: Callable[[tuple[str, ...], Part], Iterable[Sample]]) -> Iterator[Sample]:
            for labels, part in parts:
                yield from read(labels, part)

        yield family(names.PART_STATE, each_part(lambda labels, p: one_of(labels, names.STATES, p.status.state)))
        yield family(names.PART_HEALTH, each_part(lambda labels, p: one_of(labels, names.HEALTHS, p.status.health)))
        yield family(names.PART_EXCLUDED, each_part(lambda labels, p: one(labels, p.excluded)))
        yield family(names.PART_PUBLIC, each_part(lambda labels, p: one(labels, p.public)))
        yield family(names.PART_LAST_ONLINE, each_part(lambda labels, p: one(labels, p.last_online)))


def _info(shown: Shown) -> Iterator[Sample]:
    resource = shown.resource
    yield (*shown.labels, resource.name, resource.subtype, shown.server), 1.0


def _domains(shown: Shown) -> Iterator[Sample]:
    """The domains of a resource and of its parts, each once."""
    own = shown.resource.domains
    found = dict.fromkeys((*own, *(domain for part in shown.resource.parts for domain in part.domains)))
    for scheme, domain in found:
        yield (*shown.labels, domain, scheme), 1.0
