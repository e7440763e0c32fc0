"""Server metrics: reachability, proxy, Sentinel, deployment limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import Metric as Family
from prometheus_client.registry import Collector

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.collectors.family import Sample, family, one, one_of
from boxwatch.exporters.coolify.servers import Detail, Server
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore


class ServersCollector(Collector):
    """Servers, their proxy and their Sentinel.

    # TYPE coolify_server_info gauge
    coolify_server_info{account="main",coolify_host="true",coolify_server="box",proxy="traefik",proxy_version="3.6.1",role="standalone",uuid="s1"} 1.0
    # TYPE coolify_server_reachable gauge
    coolify_server_reachable{account="main",coolify_server="box",uuid="s1"} 1.0
    # TYPE coolify_server_usable gauge
    coolify_server_usable{account="main",coolify_server="box",uuid="s1"} 1.0
    # TYPE coolify_server_proxy_state gauge
    coolify_server_proxy_state{account="main",coolify_server="box",state="running",uuid="s1"} 1.0
    coolify_server_proxy_state{account="main",coolify_server="box",state="starting",uuid="s1"} 0.0
    coolify_server_proxy_state{account="main",coolify_server="box",state="stopping",uuid="s1"} 0.0
    coolify_server_proxy_state{account="main",coolify_server="box",state="restarting",uuid="s1"} 0.0
    coolify_server_proxy_state{account="main",coolify_server="box",state="degraded",uuid="s1"} 0.0
    coolify_server_proxy_state{account="main",coolify_server="box",state="paused",uuid="s1"} 0.0
    coolify_server_proxy_state{account="main",coolify_server="box",state="exited",uuid="s1"} 0.0
    coolify_server_proxy_state{account="main",coolify_server="box",state="unknown",uuid="s1"} 0.0
    # TYPE coolify_server_proxy_outdated gauge
    coolify_server_proxy_outdated{account="main",coolify_server="box",uuid="s1"} 0.0
    # TYPE coolify_server_sentinel_enabled gauge
    coolify_server_sentinel_enabled{account="main",coolify_server="box",uuid="s1"} 1.0
    # TYPE coolify_server_sentinel_last_push_timestamp_seconds gauge
    coolify_server_sentinel_last_push_timestamp_seconds{account="main",coolify_server="box",uuid="s1"} 1.78739998e+09
    # TYPE coolify_server_sentinel_push_interval_seconds gauge
    coolify_server_sentinel_push_interval_seconds{account="main",coolify_server="box",uuid="s1"} 60.0
    # TYPE coolify_server_concurrent_builds gauge
    coolify_server_concurrent_builds{account="main",coolify_server="box",uuid="s1"} 2.0
    # TYPE coolify_server_deployment_queue_limit gauge
    coolify_server_deployment_queue_limit{account="main",coolify_server="box",uuid="s1"} 25.0
    # TYPE coolify_server_deployment_timeout_seconds gauge
    coolify_server_deployment_timeout_seconds{account="main",coolify_server="box",uuid="s1"} 3600.0
    # TYPE coolify_server_cleanup_last_result gauge
    coolify_server_cleanup_last_result{account="main",coolify_server="box",result="success",uuid="s1"} 1.0
    coolify_server_cleanup_last_result{account="main",coolify_server="box",result="failed",uuid="s1"} 0.0
    coolify_server_cleanup_last_result{account="main",coolify_server="box",result="running",uuid="s1"} 0.0
    coolify_server_cleanup_last_result{account="main",coolify_server="box",result="unknown",uuid="s1"} 0.0
    # TYPE coolify_server_cleanup_last_started_timestamp_seconds gauge
    coolify_server_cleanup_last_started_timestamp_seconds{account="main",coolify_server="box",uuid="s1"} 1.7873568e+09
    # TYPE coolify_server_cleanup_overdue_seconds gauge
    coolify_server_cleanup_overdue_seconds{account="main",coolify_server="box",uuid="s1"} 0.0
    """  # noqa: E501 - lines of the page

    def __init__(self, snapshots: SnapshotStore) -> None:
        """Read from the snapshot store."""
        self._snapshots = snapshots

    def collect(self) -> Iterator[Family]:
        """Build the families from memory."""
        found = [
            ((snapshot.account, server.name, server.uuid), server, detail, cleanups)
            for snapshot in self._snapshots.current
            for server, detail, cleanups in snapshot.servers
        ]

        def each(read: Callable[[tuple[str, ...], Server], Iterable[Sample]]) -> Iterator[Sample]:
            for labels, server, _, _ in found:
                yield from read(labels, server)

        def details(read: Callable[[tuple[str, ...], Detail], Iterable[Sample]]) -> Iterator[Sample]:
            for labels, _, detail, _ in found:
                if detail is not None:
                    yield from read(labels, detail)

        yield family(names.SERVER_INFO, (sample for place in found for sample in _info(*place[:3])))
        yield family(names.SERVER_REACHABLE, each(lambda labels, s: one(labels, s.reachable)))
        yield family(names.SERVER_USABLE, each(lambda labels, s: one(labels, s.usable)))
        yield family(names.SERVER_PROXY_STATE, details(_proxy))
        yield family(names.SERVER_PROXY_OUTDATED, details(lambda labels, d: one(labels, d.outdated)))
        yield family(names.SERVER_SENTINEL_ENABLED, each(lambda labels, s: one(labels, s.sentinel)))
        yield family(names.SERVER_SENTINEL_PUSH, details(lambda labels, d: one(labels, d.sentinel_pushed)))
        yield family(names.SERVER_SENTINEL_INTERVAL, each(lambda labels, s: one(labels, s.push_interval)))
        yield family(names.SERVER_BUILDS, each(lambda labels, s: one(labels, s.builds)))
        yield family(names.SERVER_QUEUE_LIMIT, each(lambda labels, s: one(labels, s.queue_limit)))
        yield family(names.SERVER_TIMEOUT, each(lambda labels, s: one(labels, s.timeout)))
        done = [(labels, cleanups) for labels, _, _, cleanups in found if cleanups is not None]
        last = [(labels, cleanups.runs.last) for labels, cleanups in done if cleanups.runs.last is not None]
        yield family(
            names.CLEANUP_RESULT,
            (sample for labels, run in last for sample in one_of(labels, names.BACKUP_RESULTS, run.result)),
        )
        yield family(names.CLEANUP_STARTED, ((labels, run.started) for labels, run in last))
        yield family(names.CLEANUP_OVERDUE, (sample for labels, c in done for sample in one(labels, c.overdue)))


def _info(labels: tuple[str, ...], server: Server, detail: Detail | None) -> Iterator[Sample]:
    # Without the detail the labels would differ, which would be another series.
    if detail is not None:
        host = "true" if server.coolify_host else "false"
        yield (*labels, detail.proxy, detail.proxy_version, host, server.role), 1.0


def _proxy(labels: tuple[str, ...], detail: Detail) -> Iterator[Sample]:
    if detail.proxy_state:
        yield from one_of(labels, names.PROXY_STATES, detail.proxy_state)
