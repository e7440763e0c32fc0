"""Metrics of the exporter itself: its build, its page and its web server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client import Metric as Family
from prometheus_client.registry import Collector

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.collectors.family import family, one
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore

_CODES: Final = ("200", "401")
_REASONS: Final = ("timeout", "evicted", "refused")


class ExporterCollector(Collector):
    """Build, scrapes, rendering and connections, as of the last rendering.

    # TYPE coolify_exporter_build_info gauge
    coolify_exporter_build_info{revision="unknown",version="1.2.3"} 1.0
    # TYPE coolify_exporter_scrapes_total counter
    coolify_exporter_scrapes_total{code="200"} 0.0
    coolify_exporter_scrapes_total{code="401"} 0.0
    # TYPE coolify_exporter_render_duration_seconds gauge
    coolify_exporter_render_duration_seconds 0.25
    # TYPE coolify_exporter_render_failures_total counter
    coolify_exporter_render_failures_total 0.0
    # TYPE coolify_exporter_connections gauge
    coolify_exporter_connections 0.0
    # TYPE coolify_docker_disk_bytes gauge
    # TYPE coolify_docker_disk_reclaimable_bytes gauge
    # TYPE coolify_docker_disk_failures_total counter
    coolify_docker_disk_failures_total 0.0
    # TYPE coolify_exporter_connections_closed_total counter
    coolify_exporter_connections_closed_total{reason="timeout"} 0.0
    coolify_exporter_connections_closed_total{reason="evicted"} 0.0
    coolify_exporter_connections_closed_total{reason="refused"} 0.0
    """

    def __init__(self, snapshots: SnapshotStore, version: str, revision: str = "") -> None:
        """Read what is counted beside the snapshots; version and revision are the exporter's."""
        self._own = snapshots.own
        self._build = (version, revision or "unknown")

    def collect(self) -> Iterator[Family]:
        """Build the families from memory."""
        yield family(names.BUILD_INFO, one(self._build, 1))
        yield family(names.SCRAPES, (((code,), float(self._own.scrapes[code])) for code in _CODES))
        yield family(names.RENDER_DURATION, one((), self._own.rendered))
        yield family(names.RENDER_FAILURES, one((), self._own.failed))
        yield family(names.CONNECTIONS, one((), self._own.connections))
        disk = sorted(self._own.disk.items())
        yield family(names.DOCKER_DISK, (((kind,), float(use.size)) for kind, use in disk))
        yield family(names.DOCKER_RECLAIMABLE, (((kind,), float(use.reclaimable)) for kind, use in disk))
        yield family(names.DOCKER_FAILURES, one((), self._own.disk_failed))
        yield family(names.CONNECTIONS_CLOSED, (((reason,), float(self._own.closed[reason])) for reason in _REASONS))
