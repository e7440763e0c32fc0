"""How many series each exporter exposes: every metric of the catalogue, times the values of its labels.

A label that no table names has one value. The numbers are those of the recorded pages.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from boxwatch.exporters.catalogue import metrics
from boxwatch.exporters.catalogue.metrics import Metric
from boxwatch.stack.monitoring import GRAFANA_KEPT
from boxwatch.stack.predictions.dimensions import Dimensions

# The number of a label's values, or the dimension that it is.
Size = float | str
_NOTHING: Final[Mapping[str, Size]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What one exporter exposes.

    Attributes:
        exporter: its file in the catalogue.
        pages: shell patterns of the recorded targets whose metrics it has; empty for all.
        labels: label → the number of its values.
        by_name: pattern of metrics' names → numbers that differ there.
        without: metrics that its flags, or relabelling, leave out.
        only: metrics that relabelling keeps.
    """

    exporter: str
    pages: tuple[str, ...] = ()
    labels: Mapping[str, Size] = field(default_factory=lambda: _NOTHING)
    by_name: tuple[tuple[str, Mapping[str, Size]], ...] = ()
    without: str = ""
    only: str = ""

    def series(self, of: Dimensions) -> float:
        """Series of one target."""
        return sum(math.prod(self.sizes(metric, of).values()) for metric in self.metrics())

    def metrics(self) -> list[Metric]:
        """The metrics of the newest version."""
        newest = metrics.versions_of(self.exporter)[-1]
        return [
            metric
            for found in metrics.load().values()
            for metric in found
            if metric.exporter == self.exporter
            and newest in metric.versions
            and metric.is_on(self.pages)
            and not (self.without and re.fullmatch(self.without, metric.name))
            and (not self.only or re.fullmatch(self.only, metric.name))
        ]

    def sizes(self, metric: Metric, of: Dimensions) -> dict[str, float]:
        """Label of a metric → the number of its values."""
        known = dict(self.labels)
        for pattern, more in self.by_name:
            if re.fullmatch(pattern, metric.name):
                known.update(more)
        found = {label: known.get(label, 1) for label in sorted(metric.labels)}
        return {label: getattr(of, size) if isinstance(size, str) else size for label, size in found.items()}


# Status codes of the metrics page itself.
_PROMHTTP: Final = ("promhttp_metric_handler_requests_total", {"code": 3})

NODE: Final = Exposure(
    exporter="node_exporter",
    pages=("",),
    labels={"quantile": 5, "cpu": "cpus", "collector": 45, "queue": 2, "cause": 2},
    by_name=(
        _PROMHTTP,
        ("node_network_.*", {"device": "interfaces"}),
        ("node_disk_.*", {"device": "disks"}),
        ("node_filesystem_.*", {"device": "mounts", "mountpoint": 1}),
        ("node_cpu_seconds_total", {"mode": 8}),
        ("node_cpu_guest_seconds_total", {"mode": 2}),
        ("node_arp_entries", {"device": 2}),
    ),
)
# Without the size of writable layers (--disable_metrics=disk), of containers with a limit of memory and none of CPU.
CADVISOR: Final = Exposure(
    exporter="cadvisor",
    pages=("docker20-cgroupv2",),
    labels={"name": "containers", "interface": 1, "quantile": 5, "state": 5, "failure_type": 2, "scope": 2},
    without="container_fs_(usage|limit)_bytes|container_fs_inodes_.*|container_cpu_cfs_.*|container_spec_cpu_quota",
)  # fmt: skip
DOCKER: Final = Exposure(
    exporter="docker-engine",
    labels={"quantile": 5, "le": 12, "action": 4.5, "function": 3, "state": 5, "reason": 8},
    by_name=(_PROMHTTP,),
    # Relabelling drops these.
    without="(etcd|swarm)_.*",
)
PROMETHEUS: Final = Exposure(
    exporter="prometheus",
    labels={"quantile": 3, "le": 9, "handler": 5, "code": 3, "scrape_job": "jobs", "rule_group": "groups", "event": 3,
            "role": 6, "reason": 4, "slice": 4, "name": 2, "type": 1.6, "dialer_name": 4, "config": 2},
    by_name=(
        _PROMHTTP, ("prometheus_http_requests_total", {"handler": 54, "code": 1}),
        ("go_gc_duration_seconds", {"quantile": 5}), ("prometheus_target_interval_length_seconds", {"quantile": 5}),
        ("prometheus_target_sync_length_seconds", {"quantile": 5}),
    ),
)  # fmt: skip
ALERTMANAGER: Final = Exposure(
    exporter="alertmanager",
    pages=("",),
    labels={"integration": 18, "le": 6, "reason": 5, "handler": 1, "method": 1, "code": 2, "state": 3, "quantile": 5,
            "status": 2, "subscriber": 2, "stage": 2},
    by_name=(_PROMHTTP, ("alertmanager_http_.*_bucket", {"le": 11}), ("alertmanager_nflog_.*", {"le": 12})),
)  # fmt: skip
BLACKBOX: Final = Exposure(exporter="blackbox_exporter", labels={"quantile": 5, "reason": 4}, by_name=(_PROMHTTP,))
PROBE_HTTP: Final = Exposure(exporter="blackbox_probe", pages=("probe-https-ok",), labels={"phase": 5})
PROBE_TCP: Final = Exposure(exporter="blackbox_probe", pages=("probe-tcp-tls",), without="probe_(ssl|tls)_.*")
GRAFANA: Final = Exposure(
    exporter="grafana",
    labels={"handler": 25, "status_code": 1.5, "method": 1.2, "code": 1.5, "quantile": 5, "le": 12},
    only=GRAFANA_KEPT,
)
POSTGRES: Final = Exposure(
    exporter="postgres_exporter",
    # With the collectors that the stack's exporter switches on.
    pages=("pg15",),
    labels={"quantile": 5, "datname": "databases", "relname": "tables", "indexrelname": 1, "mode": 9, "collector": 11,
            "rolname": 13, "state": 1},
    by_name=(
        _PROMHTTP,
        ("pg_stat_activity_.*", {"datname": 24}),
        ("pg_(statio_)?(stat_)?user_indexes_.*", {"relname": "indexes"}),
        ("pg_stat(io)?_user_(tables|indexes)_.*", {"datname": 1}),
    ),
)  # fmt: skip
REDIS: Final = Exposure(
    exporter="redis_exporter",
    pages=("redis7.0.15-primary",),
    labels={"cmd": "commands", "db": 16, "quantile": 3, "class": 3, "limit": 2, "err": 1},
    # --exclude-latency-histogram-metrics
    without="redis_commands_latencies_usec_bucket",
    by_name=(("redis_db_avg_ttl_seconds", {"db": 1}),),
)
ELASTICSEARCH: Final = Exposure(
    exporter="elasticsearch_exporter",
    pages=("defaults-REPLAYED-es7-fixtures",),
    labels={"name": "nodes", "type": 21, "breaker": 6, "pool": 3, "role": 12, "area": 1.7, "color": 3, "gc": 2,
            "quantile": 5},
    by_name=(_PROMHTTP,),
)  # fmt: skip
MINIO: Final = Exposure(
    exporter="minio", pages=("v2-cluster-1drive",), labels={"api": 6, "le": 12, "bucket": 3, "range": 7}
)
MINIO_V3: Final = Exposure(
    exporter="minio", pages=("v3-1drive",), labels={"name": 6, "le": 12, "bucket": 3, "range": 7}
)
RABBITMQ: Final = Exposure(exporter="rabbitmq", pages=("metrics-loaded",), labels={"le": 10})
RABBITMQ_QUEUES: Final = Exposure(exporter="rabbitmq", pages=("detailed-loaded",), labels={"queue": "queues"})
TRAEFIK: Final = Exposure(
    exporter="traefik",
    pages=("default-labels",),
    # Only with Traefik's own health checks, which Coolify does not set up.
    without="traefik_service_server_up",
    labels={"service": "routes", "code": "answers", "le": "buckets", "quantile": 5, "tls_version": 1.5},
    by_name=(
        ("traefik_entrypoint_.*", {"entrypoint": 2, "service": 1}), ("traefik_open_connections", {"entrypoint": 3}),
        ("traefik_tls_certs_not_after", {"sans": "routes"}),
    ),
)  # fmt: skip
COOLIFY: Final = Exposure(
    exporter="coolify_exporter",
    labels={"uuid": "resources", "reason": 10, "kind": 4, "result": 3, "source": 10},
    by_name=(
        ("coolify_resource_state", {"state": 7}),
        ("coolify_resource_health", {"state": 4}),
        ("coolify_deployment.*|coolify_resource_restart.*", {"uuid": "applications"}),
        ("coolify_backup_.*", {"uuid": "managed", "result": 4}),
        ("coolify_service_part_.*", {"uuid": 3, "state": 5}),
        ("coolify_server_.*", {"uuid": 1, "state": 7}),
        ("coolify_source_failure_reason", {"reason": 0}),
    ),
)
