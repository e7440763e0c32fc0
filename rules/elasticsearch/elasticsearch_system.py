"""Elasticsearch as a monitored system."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.elasticsearch import elasticsearch, elasticsearch_capacity
from boxwatch.rules.model import Series
from boxwatch.rules.patterns.backing_services import selector
from boxwatch.rules.patterns.system import SERVICE, Cause, System
from boxwatch.rules.proofs.healthy_hours import DEPLOYED, Hours, exporter_restarts
from boxwatch.topology import kinds
from boxwatch.topology.units import GIB

_NAME = "elasticsearch"
_JOB = kinds.of(_NAME).job


def healthy_day(hours: Hours) -> tuple[Series, ...]:
    """Two nodes, one of which is redeployed and recovers its shards."""
    fixtures, service = hours.fixtures, "search"
    gap, known = exporter_restarts(hours, _JOB, service)
    down = hours.brief(1, "ElasticsearchDown", "ElasticsearchRed")
    # While the redeployed node recovers its shards, replicas are missing.
    yellow = hours.brief(12, "ElasticsearchReplicasUnassigned")

    def of(metric: str, values: str, **labels: str) -> Series:
        return fixtures.scraped(metric, values, job=_JOB, service=service, **labels)

    node = {"name": "node-1"}
    disk = {**node, "mount": "/usr/share/elasticsearch/data"}
    free = max(hours.least("ElasticsearchDiskLow", 0.4), hours.least("ElasticsearchDiskFlood", 0.4))
    heap = hours.most("ElasticsearchHeapHigh", 0.75)
    health = "elasticsearch_cluster_health_status"
    return (
        *known,
        of("elasticsearch_scrape_success", hours.but(1, 0, down), collector="cluster-info"),
        of(health, hours.but(0, 1, down), color="red"),
        of(health, hours.but(0, 1, yellow, DEPLOYED + down), color="yellow"),
        of(health, hours.but(1, 0, down + yellow), color="green"),
        of("elasticsearch_cluster_health_number_of_nodes", hours.but(2, 1, down)),
        of("elasticsearch_cluster_health_number_of_data_nodes", hours.but(2, 1, down)),
        of("elasticsearch_filesystem_data_size_bytes", hours.level(100 * GIB, down, gap), **disk),
        # Less while segments are merged.
        of("elasticsearch_filesystem_data_available_bytes", hours.level(100 * GIB * free, down, gap), **disk),
        of(
            "elasticsearch_jvm_memory_used_bytes",
            hours.wave(0.3 * heap * GIB, heap * GIB, down, gap),
            area="heap",
            **node,
        ),
        of("elasticsearch_jvm_memory_max_bytes", hours.level(GIB, down, gap), area="heap", **node),
        # Both counters restart from zero.
        of(
            "elasticsearch_breakers_tripped",
            f"3x{DEPLOYED - 1} 0x{fixtures.count - DEPLOYED}",
            breaker="parent",
            **node,
        ),
        of(
            "elasticsearch_thread_pool_rejected_count",
            f"12x{DEPLOYED - 1} 0x{fixtures.count - DEPLOYED}",
            type="write",
            **node,
        ),
    )


SYSTEM = System(
    name=_NAME,
    subjects=(elasticsearch.subject, elasticsearch_capacity.subject),
    healthy_day=healthy_day,
    switch_on="start elasticsearch_exporter there, with `--es.uri=http://NAME:9200` (docs/exporters/databases.md)",
    reached=selector("elasticsearch_scrape_success", _JOB, 'collector="cluster-info"'),
    connect="set its `--es.uri=http://USER:SECRET@NAME:9200`, with a user that has the cluster privilege `monitor`",
    worse=(
        Cause(("ElasticsearchRed",), ("ElasticsearchReplicasUnassigned",), SERVICE),
        Cause(("ElasticsearchDiskFlood",), ("ElasticsearchDiskLow",), (*SERVICE, names.NAME, "mount")),
    ),
)
