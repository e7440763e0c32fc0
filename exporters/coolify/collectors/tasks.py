"""Scheduled tasks: last run, result, duration, and whether the next one is overdue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import Metric as Family
from prometheus_client.registry import Collector

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.collectors.family import Sample, family, one, one_of
from boxwatch.exporters.coolify.snapshot import ShownTask
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore
from boxwatch.exporters.coolify.tasks import Execution


class TasksCollector(Collector):
    """The scheduled tasks of applications and services.

    # TYPE coolify_task_info gauge
    coolify_task_info{account="main",environment="live",name="nightly",project="shop",resource="search",task="t1",type="service",uuid="v1"} 1.0
    # TYPE coolify_task_enabled gauge
    coolify_task_enabled{account="main",environment="live",project="shop",resource="search",task="t1",type="service",uuid="v1"} 1.0
    # TYPE coolify_task_interval_seconds gauge
    coolify_task_interval_seconds{account="main",environment="live",project="shop",resource="search",task="t1",type="service",uuid="v1"} 86400.0
    # TYPE coolify_task_last_result gauge
    coolify_task_last_result{account="main",environment="live",project="shop",resource="search",result="success",task="t1",type="service",uuid="v1"} 1.0
    coolify_task_last_result{account="main",environment="live",project="shop",resource="search",result="failed",task="t1",type="service",uuid="v1"} 0.0
    coolify_task_last_result{account="main",environment="live",project="shop",resource="search",result="running",task="t1",type="service",uuid="v1"} 0.0
    coolify_task_last_result{account="main",environment="live",project="shop",resource="search",result="unknown",task="t1",type="service",uuid="v1"} 0.0
    # TYPE coolify_task_last_started_timestamp_seconds gauge
    coolify_task_last_started_timestamp_seconds{account="main",environment="live",project="shop",resource="search",task="t1",type="service",uuid="v1"} 1.7873676e+09
    # TYPE coolify_task_last_duration_seconds gauge
    coolify_task_last_duration_seconds{account="main",environment="live",project="shop",resource="search",task="t1",type="service",uuid="v1"} 3.0
    # TYPE coolify_task_last_success_timestamp_seconds gauge
    coolify_task_last_success_timestamp_seconds{account="main",environment="live",project="shop",resource="search",task="t1",type="service",uuid="v1"} 1.787367603e+09
    # TYPE coolify_task_overdue_seconds gauge
    coolify_task_overdue_seconds{account="main",environment="live",project="shop",resource="search",task="t1",type="service",uuid="v1"} 0.0
    """  # noqa: E501 - lines of the page

    def __init__(self, snapshots: SnapshotStore) -> None:
        """Read from the snapshot store."""
        self._snapshots = snapshots

    def collect(self) -> Iterator[Family]:
        """Build the families from memory."""
        found = [
            ((*shown.labels, item.task.uuid), item)
            for snapshot in self._snapshots.current
            for shown in snapshot.resources
            for item in shown.tasks
        ]

        def each(read: Callable[[tuple[str, ...], ShownTask], Iterable[Sample]]) -> Iterator[Sample]:
            for labels, item in found:
                yield from read(labels, item)

        def last(read: Callable[[tuple[str, ...], Execution], Iterable[Sample]]) -> Iterator[Sample]:
            for labels, item in found:
                if item.runs is not None and item.runs.last is not None:
                    yield from read(labels, item.runs.last)

        yield family(names.TASK_INFO, (((*labels, item.task.name), 1.0) for labels, item in found))
        yield family(names.TASK_ENABLED, each(lambda labels, item: one(labels, item.task.enabled)))
        yield family(names.TASK_INTERVAL, each(lambda labels, item: one(labels, item.task.interval)))
        yield family(names.TASK_RESULT, last(lambda labels, run: one_of(labels, names.BACKUP_RESULTS, run.result)))
        yield family(names.TASK_STARTED, last(lambda labels, run: one(labels, run.started)))
        yield family(names.TASK_DURATION, last(lambda labels, run: one(labels, run.duration)))
        yield family(names.TASK_SUCCESS, each(_success))
        yield family(names.TASK_OVERDUE, each(lambda labels, item: one(labels, item.overdue)))


def _success(labels: tuple[str, ...], item: ShownTask) -> Iterator[Sample]:
    if item.runs is not None and item.runs.good is not None:
        yield from one(labels, item.runs.good.finished)
