"""All collectors, in order of exposition."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry

from boxwatch.exporters.coolify.collectors.api import ApiCollector
from boxwatch.exporters.coolify.collectors.backups import BackupsCollector
from boxwatch.exporters.coolify.collectors.deployments import DeploymentsCollector
from boxwatch.exporters.coolify.collectors.exporter import ExporterCollector
from boxwatch.exporters.coolify.collectors.resources import ResourcesCollector
from boxwatch.exporters.coolify.collectors.servers import ServersCollector
from boxwatch.exporters.coolify.collectors.tasks import TasksCollector
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore

OF_COOLIFY: Final = (
    ApiCollector,
    ServersCollector,
    ResourcesCollector,
    DeploymentsCollector,
    BackupsCollector,
    TasksCollector,
)
COLLECTORS: Final = (ExporterCollector, *OF_COOLIFY)


def register(registry: CollectorRegistry, snapshots: SnapshotStore, version: str, revision: str = "") -> None:
    """Register all collectors."""
    registry.register(ExporterCollector(snapshots, version, revision))
    for collector in OF_COOLIFY:
        registry.register(collector(snapshots))
