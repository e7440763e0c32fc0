"""MinIO's own metrics, version 2 or 3 as the topology has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.simulation.box import Box
from boxwatch.simulation.chance import chance
from boxwatch.simulation.exposition import Sample
from boxwatch.simulation.flow import daily
from boxwatch.topology.model import Service

EXPORTER: Final = "minio"
_DRIVES: Final = 4
_CALLS: Final = {"getobject": ("GetObject", 22.0), "putobject": ("PutObject", 5.0), "headobject": ("HeadObject", 9.0)}
_REJECTED: Final = ("auth", "header", "invalid", "timestamp")
_OBJECTS: Final = 84_000


def samples(box: Box, service: Service, server: str, now: float, *, version: int = 2) -> Iterator[Sample] | None:
    """What it reports at a moment; None if it does not answer."""
    if box.fault("database down", now, service.name) is not None or not box.up(now, service, server):
        return None
    return (_second if version == 2 else _third)(box, service, server, now)  # noqa: PLR2004 - MinIO's own number


def _offline(box: Box, service: Service, now: float) -> int:
    return 1 if box.fault("drive offline", now, service.name) else 0


def _second(box: Box, service: Service, server: str, now: float) -> Iterator[Sample]:
    node = {"server": f"{service.name}:9000"}
    size, free = box.disk(now, server)
    offline = _offline(box, service, now)
    done = daily(1.0, chance(box.seed, service.name), 0.9).total(box.since(now, service, server), now)
    yield Sample("minio_cluster_health_status", 1.0, node)
    yield Sample("minio_cluster_drive_offline_total", float(offline), node)
    yield Sample("minio_cluster_drive_online_total", float(_DRIVES - offline), node)
    yield Sample("minio_cluster_capacity_usable_total_bytes", float(size), node)
    yield Sample("minio_cluster_capacity_usable_free_bytes", float(free), node)
    yield Sample("minio_cluster_usage_object_total", float(_OBJECTS + int(0.05 * (now - box.start))), node)
    yield Sample("minio_node_process_resident_memory_bytes", 0.3 * service.memory, node)
    for api, (_, rate) in _CALLS.items():
        yield Sample("minio_s3_requests_total", float(int(rate * done)), {**node, "api": api})
        yield Sample("minio_s3_requests_5xx_errors_total", float(int(rate * done * 1e-4)), {**node, "api": api})
        yield Sample("minio_s3_requests_inflight_total", 0.0, {**node, "api": api})
        yield Sample("minio_s3_requests_4xx_errors_total", float(int(rate * done * 2e-3)), {**node, "api": api})
    yield Sample("minio_s3_requests_waiting_total", 0.0, node)
    for reason in _REJECTED:
        yield Sample(f"minio_s3_requests_rejected_{reason}_total", 0.0, node)
    yield Sample("minio_node_file_descriptor_limit_total", 1048576.0, node)
    yield Sample("minio_node_file_descriptor_open_total", 58.0, node)
    yield Sample("minio_s3_traffic_received_bytes", float(int(900e3 * done)), node)
    yield Sample("minio_s3_traffic_sent_bytes", float(int(4.2e6 * done)), node)


def _third(box: Box, service: Service, server: str, now: float) -> Iterator[Sample]:
    node = {"server": f"{service.name}:9000"}
    kind = {**node, "type": "s3"}
    size, free = box.disk(now, server)
    offline = _offline(box, service, now)
    done = daily(1.0, chance(box.seed, service.name), 0.9).total(box.since(now, service, server), now)
    yield Sample("minio_cluster_health_drives_offline_count", float(offline))
    yield Sample("minio_cluster_health_drives_online_count", float(_DRIVES - offline))
    yield Sample("minio_cluster_health_capacity_usable_total_bytes", float(size))
    yield Sample("minio_cluster_health_capacity_usable_free_bytes", float(free))
    yield Sample("minio_cluster_erasure_set_overall_write_quorum", float(_DRIVES // 2 + 1))
    yield Sample("minio_cluster_erasure_set_overall_health", 1.0)
    yield Sample("minio_cluster_usage_objects_count", float(_OBJECTS + int(0.05 * (now - box.start))))
    yield Sample("minio_system_process_resident_memory_bytes", 0.3 * service.memory, node)
    for api, rate in _CALLS.values():
        yield Sample("minio_api_requests_total", float(int(rate * done)), {**kind, "name": api})
        yield Sample("minio_api_requests_5xx_errors_total", float(int(rate * done * 1e-4)), {**kind, "name": api})
        yield Sample("minio_api_requests_inflight_total", 0.0, {**kind, "name": api})
        yield Sample("minio_api_requests_4xx_errors_total", float(int(rate * done * 2e-3)), {**kind, "name": api})
    yield Sample("minio_api_requests_waiting_total", 0.0, kind)
    for reason in _REJECTED:
        yield Sample(f"minio_api_requests_rejected_{reason}_total", 0.0, kind)
    yield Sample("minio_system_process_file_descriptor_limit_total", 1048576.0, node)
    yield Sample("minio_system_process_file_descriptor_open_total", 58.0, node)
    yield Sample("minio_api_requests_traffic_received_bytes", float(int(900e3 * done)), kind)
    yield Sample("minio_api_requests_traffic_sent_bytes", float(int(4.2e6 * done)), kind)
