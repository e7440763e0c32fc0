"""Deployment metrics: queued and running deployments, results and totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client import Metric as Family
from prometheus_client.registry import Collector

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.collectors.family import Sample, family, histogram, one, one_of
from boxwatch.exporters.coolify.deployments import Deployment
from boxwatch.exporters.coolify.history import BUCKETS
from boxwatch.exporters.coolify.snapshot import Shown, Snapshot
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore


class DeploymentsCollector(Collector):
    """Active deployments by server; active, last and total deployments by application.

    # TYPE coolify_deployments_active gauge
    coolify_deployments_active{account="main",coolify_server="box",status="queued"} 1.0
    coolify_deployments_active{account="main",coolify_server="box",status="in_progress"} 1.0
    # TYPE coolify_deployments_oldest_created_timestamp_seconds gauge
    coolify_deployments_oldest_created_timestamp_seconds{account="main",coolify_server="box",status="queued"} 1.78739998e+09
    coolify_deployments_oldest_created_timestamp_seconds{account="main",coolify_server="box",status="in_progress"} 1.78739988e+09
    # TYPE coolify_deployment_active_created_timestamp_seconds gauge
    coolify_deployment_active_created_timestamp_seconds{account="main",environment="live",project="shop",resource="api",status="queued",uuid="a1"} 1.78739998e+09
    coolify_deployment_active_created_timestamp_seconds{account="main",environment="live",project="shop",resource="api",status="in_progress",uuid="a1"} 1.78739988e+09
    # TYPE coolify_deployment_active_progress_timestamp_seconds gauge
    coolify_deployment_active_progress_timestamp_seconds{account="main",environment="live",project="shop",resource="api",status="queued",uuid="a1"} 1.78739998e+09
    coolify_deployment_active_progress_timestamp_seconds{account="main",environment="live",project="shop",resource="api",status="in_progress",uuid="a1"} 1.78739988e+09
    # TYPE coolify_deployments_total counter
    coolify_deployments_total{account="main",environment="live",kind="deployment",project="shop",resource="api",result="finished",uuid="a1"} 0.0
    coolify_deployments_total{account="main",environment="live",kind="deployment",project="shop",resource="api",result="failed",uuid="a1"} 1.0
    coolify_deployments_total{account="main",environment="live",kind="deployment",project="shop",resource="api",result="cancelled",uuid="a1"} 0.0
    coolify_deployments_total{account="main",environment="live",kind="rollback",project="shop",resource="api",result="finished",uuid="a1"} 0.0
    coolify_deployments_total{account="main",environment="live",kind="rollback",project="shop",resource="api",result="failed",uuid="a1"} 0.0
    coolify_deployments_total{account="main",environment="live",kind="rollback",project="shop",resource="api",result="cancelled",uuid="a1"} 0.0
    coolify_deployments_total{account="main",environment="live",kind="restart",project="shop",resource="api",result="finished",uuid="a1"} 0.0
    coolify_deployments_total{account="main",environment="live",kind="restart",project="shop",resource="api",result="failed",uuid="a1"} 0.0
    coolify_deployments_total{account="main",environment="live",kind="restart",project="shop",resource="api",result="cancelled",uuid="a1"} 0.0
    coolify_deployments_total{account="main",environment="live",kind="preview",project="shop",resource="api",result="finished",uuid="a1"} 0.0
    coolify_deployments_total{account="main",environment="live",kind="preview",project="shop",resource="api",result="failed",uuid="a1"} 0.0
    coolify_deployments_total{account="main",environment="live",kind="preview",project="shop",resource="api",result="cancelled",uuid="a1"} 0.0
    # TYPE coolify_deployment_last_result gauge
    coolify_deployment_last_result{account="main",environment="live",project="shop",resource="api",result="finished",uuid="a1"} 0.0
    coolify_deployment_last_result{account="main",environment="live",project="shop",resource="api",result="failed",uuid="a1"} 1.0
    coolify_deployment_last_result{account="main",environment="live",project="shop",resource="api",result="cancelled",uuid="a1"} 0.0
    # TYPE coolify_deployment_last_finished_timestamp_seconds gauge
    coolify_deployment_last_finished_timestamp_seconds{account="main",environment="live",project="shop",resource="api",uuid="a1"} 1.7874e+09
    # TYPE coolify_deployment_last_duration_seconds gauge
    coolify_deployment_last_duration_seconds{account="main",environment="live",project="shop",resource="api",uuid="a1"} 300.0
    # TYPE coolify_deployment_last_info gauge
    coolify_deployment_last_info{account="main",branch="main",commit="3f2c0de",environment="live",project="shop",resource="api",trigger="manual",uuid="a1"} 1.0
    # TYPE coolify_deployment_last_queue_seconds gauge
    coolify_deployment_last_queue_seconds{account="main",environment="live",project="shop",resource="api",uuid="a1"} 300.0
    # TYPE coolify_deployment_duration_seconds histogram
    coolify_deployment_duration_seconds_bucket{account="main",kind="deployment",le="5.0",result="failed"} 0.0
    coolify_deployment_duration_seconds_bucket{account="main",kind="deployment",le="15.0",result="failed"} 0.0
    coolify_deployment_duration_seconds_bucket{account="main",kind="deployment",le="30.0",result="failed"} 0.0
    coolify_deployment_duration_seconds_bucket{account="main",kind="deployment",le="60.0",result="failed"} 0.0
    coolify_deployment_duration_seconds_bucket{account="main",kind="deployment",le="120.0",result="failed"} 0.0
    coolify_deployment_duration_seconds_bucket{account="main",kind="deployment",le="300.0",result="failed"} 1.0
    coolify_deployment_duration_seconds_bucket{account="main",kind="deployment",le="600.0",result="failed"} 1.0
    coolify_deployment_duration_seconds_bucket{account="main",kind="deployment",le="1200.0",result="failed"} 1.0
    coolify_deployment_duration_seconds_bucket{account="main",kind="deployment",le="1800.0",result="failed"} 1.0
    coolify_deployment_duration_seconds_bucket{account="main",kind="deployment",le="3600.0",result="failed"} 1.0
    coolify_deployment_duration_seconds_bucket{account="main",kind="deployment",le="+Inf",result="failed"} 1.0
    coolify_deployment_duration_seconds_count{account="main",kind="deployment",result="failed"} 1.0
    coolify_deployment_duration_seconds_sum{account="main",kind="deployment",result="failed"} 300.0
    """  # noqa: E501 - lines of the page

    def __init__(self, snapshots: SnapshotStore) -> None:
        """Read from the snapshot store."""
        self._snapshots = snapshots

    def collect(self) -> Iterator[Family]:
        """Build the families from memory."""
        now = [snapshot for snapshot in self._snapshots.current if snapshot.active is not None]
        yield family(names.DEPLOYMENTS_ACTIVE, (sample for snapshot in now for sample in _active(snapshot)))
        yield family(names.DEPLOYMENTS_OLDEST, (sample for snapshot in now for sample in _oldest(snapshot)))
        applications = [
            ((shown.labels[0], *shown.labels[2:]), shown)
            for snapshot in self._snapshots.current
            for shown in snapshot.resources
            if shown.application
        ]

        def each(read: Callable[[tuple[str, ...], Shown], Iterable[Sample]]) -> Iterator[Sample]:
            for labels, shown in applications:
                yield from read(labels, shown)

        yield family(names.DEPLOYMENT_CREATED, each(lambda labels, s: _first(labels, s.active, _created)))
        yield family(names.DEPLOYMENT_PROGRESS, each(lambda labels, s: _first(labels, s.active, _moved)))
        yield family(names.DEPLOYMENTS, each(_totals))
        yield family(names.DEPLOYMENT_RESULT, each(_result))
        yield family(names.DEPLOYMENT_FINISHED, each(lambda labels, s: one(labels, s.last.ended if s.last else None)))
        yield family(
            names.DEPLOYMENT_DURATION, each(lambda labels, s: one(labels, s.last.duration if s.last else None))
        )
        yield family(names.DEPLOYMENT_INFO, each(_last))
        yield family(names.DEPLOYMENT_WAITED, each(lambda labels, s: one(labels, s.waited)))
        yield histogram(
            names.DEPLOYMENT_DURATIONS,
            BUCKETS,
            (
                ((snapshot.account, *key), durations.counts, durations.total)
                for snapshot in self._snapshots.current
                for key, durations in sorted(snapshot.durations.items())
            ),
        )


def _last(labels: tuple[str, ...], shown: Shown) -> Iterator[Sample]:
    """One series for an application: the next deployment replaces it."""
    if shown.last is not None and shown.last.trigger:
        yield (*labels, shown.last.trigger, shown.last.commit, shown.resource.branch), 1.0


def _active(snapshot: Snapshot) -> Iterator[Sample]:
    """Active deployments by server, with 0 for each known server, so that an emptied queue is visible."""
    rows = snapshot.active or ()
    known = {server.name for server, *_ in snapshot.servers}
    for server in sorted(known | {row.server for row in rows}):
        for status in names.ACTIVE:
            number = sum(1 for row in rows if row.server == server and row.status == status)
            yield (snapshot.account, server, status), float(number)


def _oldest(snapshot: Snapshot) -> Iterator[Sample]:
    rows = snapshot.active or ()
    for server in sorted({row.server for row in rows}):
        here = [row for row in rows if row.server == server]
        yield from _first((snapshot.account, server), here, _created)


def _created(row: Deployment) -> float | None:
    return row.created


def _moved(row: Deployment) -> float | None:
    return row.moved


def _first(
    labels: Sequence[str], rows: Sequence[Deployment], moment: Callable[[Deployment], float | None]
) -> Iterator[Sample]:
    """A timestamp of the oldest row of each status."""
    for status in names.ACTIVE:
        times = [(row.id, moment(row)) for row in rows if row.status == status]
        if times:
            yield from one((*labels, status), min(times)[1])


def _totals(labels: tuple[str, ...], shown: Shown) -> Iterator[Sample]:
    """All kinds and results, from 0: a series that begins at 1 hides its first increase."""
    if shown.totals is None:
        return
    for kind in names.KINDS:
        for result in names.RESULTS:
            yield (*labels, kind, result), float(shown.totals.get((kind, result), 0))


def _result(labels: tuple[str, ...], shown: Shown) -> Iterator[Sample]:
    if shown.last is not None:
        yield from one_of(labels, names.RESULTS, shown.last.result or "")
