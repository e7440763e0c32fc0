"""elasticsearch_exporter of a single Elasticsearch node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.simulation.box import PAST, Box
from boxwatch.simulation.chance import chance
from boxwatch.simulation.exposition import Sample
from boxwatch.simulation.flow import daily
from boxwatch.simulation.pages import process
from boxwatch.topology.model import Service
from boxwatch.topology.units import GIB

EXPORTER: Final = "elasticsearch_exporter"
_CLUSTER: Final = {"cluster": "shop"}
_ROLES: Final = {f"es_{role}_node": "true" for role in ("client", "data", "ingest", "master")}
# Counters of a node, per second.
_RATES: Final = {
    "indices_fielddata_evictions": 0.0, "indices_flush_time_seconds": 0.002,
    "indices_indexing_index_time_seconds_total": 0.01, "indices_merges_total_time_seconds_total": 0.02,
    "indices_query_cache_evictions": 0.1, "indices_refresh_time_seconds_total": 0.004,
    "indices_request_cache_evictions": 0.05, "indices_search_fetch_time_seconds": 0.02,
    "indices_search_fetch_total": 24.0, "transport_rx_size_bytes_total": 900.0, "transport_tx_size_bytes_total": 900.0,
}  # fmt: skip
_GAUGES: Final = {
    "indices_fielddata_memory_size_bytes": 6e6, "indices_query_cache_memory_size_bytes": 21e6,
    "indices_request_cache_memory_size_bytes": 9e6, "indices_segments_count": 310.0, "process_cpu_percent": 4.0,
    "process_open_files_count": 480.0,
}  # fmt: skip
_SHARDS: Final = 24
_LOST: Final = 6


def samples(box: Box, service: Service, server: str, now: float) -> Iterator[Sample]:
    """What it reports at a moment; of a node that does not answer only that."""
    yield from process.samples(box.start - PAST, now)
    down = box.fault("database down", now, service.name) is not None or not box.up(now, service, server)
    yield Sample("elasticsearch_scrape_success", 0.0 if down else 1.0, {"collector": "cluster-info"})
    if down:
        return
    red = box.fault("elasticsearch red", now, service.name) is not None
    for colour in ("green", "red", "yellow"):
        state = (colour == "red") if red else (colour == "yellow")
        yield Sample("elasticsearch_cluster_health_status", float(state), {**_CLUSTER, "color": colour})
    lost = _LOST if red else 0
    counts = {
        "active_shards": _SHARDS - lost, "initializing_shards": 0, "relocating_shards": 0, "number_of_nodes": 1,
        "number_of_data_nodes": 1, "number_of_pending_tasks": 0, "unassigned_shards": 4 + lost,
    }  # fmt: skip
    for name, count in counts.items():
        yield Sample(f"elasticsearch_cluster_health_{name}", float(count), _CLUSTER)
    yield from _node(box, service, server, now)


def _node(box: Box, service: Service, server: str, now: float) -> Iterator[Sample]:
    node = {**_CLUSTER, **_ROLES, "host": "172.18.0.9", "name": "es-1"}
    since = box.since(now, service, server)
    load = daily(1.0, chance(box.seed, service.name), 0.9)
    done = load.total(since, now)
    size, free = box.disk(now, server)
    data = {**node, "mount": "/usr/share/elasticsearch/data (/dev/nvme0n1p3)", "path": "/usr/share/elasticsearch/data"}
    yield Sample("elasticsearch_filesystem_data_size_bytes", float(size), data)
    yield Sample("elasticsearch_filesystem_data_available_bytes", float(free), data)
    heap = 0.5 * service.memory
    sawtooth = 0.42 + 0.22 * (now % 610) / 610
    yield Sample("elasticsearch_jvm_memory_max_bytes", float(int(heap)), {**node, "area": "heap"})
    yield Sample("elasticsearch_jvm_memory_used_bytes", float(int(sawtooth * heap)), {**node, "area": "heap"})
    for gc, share in (("old", 0.0001), ("young", 0.004)):
        yield Sample("elasticsearch_jvm_gc_collection_seconds_sum", share * (now - since), {**node, "gc": gc})
    for breaker, share in (("fielddata", 0.02), ("parent", 0.55), ("request", 0.01)):
        limit = heap * (0.95 if breaker == "parent" else 0.4)
        named = {**node, "breaker": breaker}
        yield Sample("elasticsearch_breakers_estimated_size_bytes", float(int(share * limit)), named)
        yield Sample("elasticsearch_breakers_limit_size_bytes", float(int(limit)), named)
        yield Sample("elasticsearch_breakers_tripped", 0.0, named)
    for name, rate in _RATES.items():
        yield Sample(f"elasticsearch_{name}", rate * done, node)
    for name, value in _GAUGES.items():
        yield Sample(f"elasticsearch_{name}", value, node)
    for pool in ("bulk", "search", "write"):
        yield Sample("elasticsearch_thread_pool_queue_count", 0.0, {**node, "type": pool})
        yield Sample("elasticsearch_thread_pool_rejected_count", 0.0, {**node, "type": pool})
    yield Sample("elasticsearch_indices_docs", 2.4e6 + int(0.4 * (now - box.start)), node)
    yield Sample("elasticsearch_indices_store_size_bytes", float(7 * GIB), node)
    yield Sample("elasticsearch_indices_indexing_index_total", float(int(12 * done)), node)
    yield Sample("elasticsearch_indices_search_query_total", float(int(31 * done)), node)
    yield Sample("elasticsearch_indices_search_query_time_seconds", 31 * done * 0.009, node)
