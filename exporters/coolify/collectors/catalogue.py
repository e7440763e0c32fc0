"""All collectors, in order of exposition."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry

from boxwatch.exporters.coolify.collectors.api import ApiCollector
from boxwatch.exporters.coolify.collectors.backups import BackupsCollector
from boxwatch.exporters.coolify.collectors.deployments import DeploymentsCollector
from boxwatch.exporters.coolify.collectors.resources import ResourcesCollector
from boxwatch.exporters.coolify.collectors.servers import ServersCollector
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore

COLLECTORS: Final = (ApiCollector, ServersCollector, ResourcesCollector, DeploymentsCollector, BackupsCollector)


def register(registry: CollectorRegistry, snapshots: SnapshotStore, version: str) -> None:
    """Register all collectors."""
    registry.register(ApiCollector(snapshots, version))
    for collector in (ServersCollector, ResourcesCollector, DeploymentsCollector, BackupsCollector):
        registry.register(collector(snapshots))
