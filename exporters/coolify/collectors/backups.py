"""Backup metrics: schedules and their last run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client import Metric as Family
from prometheus_client.registry import Collector

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.backups import Backup, Saved
from boxwatch.exporters.coolify.collectors.family import Sample, family, one, one_of
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore


class BackupsCollector(Collector):
    """The schedules and their last run.

    # TYPE coolify_backup_enabled gauge
    coolify_backup_enabled{account="main",backup="b1",environment="live",project="shop",resource="db",uuid="d1"} 1.0
    # TYPE coolify_backup_interval_seconds gauge
    coolify_backup_interval_seconds{account="main",backup="b1",environment="live",project="shop",resource="db",uuid="d1"} 86400.0
    # TYPE coolify_backup_last_result gauge
    coolify_backup_last_result{account="main",backup="b1",environment="live",project="shop",resource="db",result="success",uuid="d1"} 1.0
    coolify_backup_last_result{account="main",backup="b1",environment="live",project="shop",resource="db",result="failed",uuid="d1"} 0.0
    coolify_backup_last_result{account="main",backup="b1",environment="live",project="shop",resource="db",result="running",uuid="d1"} 0.0
    coolify_backup_last_result{account="main",backup="b1",environment="live",project="shop",resource="db",result="unknown",uuid="d1"} 0.0
    # TYPE coolify_backup_last_finished_timestamp_seconds gauge
    coolify_backup_last_finished_timestamp_seconds{account="main",backup="b1",environment="live",project="shop",resource="db",uuid="d1"} 1.7873748e+09
    # TYPE coolify_backup_last_success_timestamp_seconds gauge
    coolify_backup_last_success_timestamp_seconds{account="main",backup="b1",environment="live",project="shop",resource="db",uuid="d1"} 1.7873748e+09
    # TYPE coolify_backup_last_size_bytes gauge
    coolify_backup_last_size_bytes{account="main",backup="b1",environment="live",project="shop",resource="db",uuid="d1"} 123456.0
    # TYPE coolify_backup_upload_enabled gauge
    coolify_backup_upload_enabled{account="main",backup="b1",environment="live",project="shop",resource="db",uuid="d1"} 1.0
    # TYPE coolify_backup_last_uploaded gauge
    coolify_backup_last_uploaded{account="main",backup="b1",environment="live",project="shop",resource="db",uuid="d1"} 1.0
    # TYPE coolify_backup_database_last_success_timestamp_seconds gauge
    coolify_backup_database_last_success_timestamp_seconds{account="main",backup="b1",database="shop",environment="live",project="shop",resource="db",uuid="d1"} 1.7873748e+09
    # TYPE coolify_backup_database_last_size_bytes gauge
    coolify_backup_database_last_size_bytes{account="main",backup="b1",database="shop",environment="live",project="shop",resource="db",uuid="d1"} 123456.0
    # TYPE coolify_backup_database_median_size_bytes gauge
    coolify_backup_database_median_size_bytes{account="main",backup="b1",database="shop",environment="live",project="shop",resource="db",uuid="d1"} 123456.0
    """  # noqa: E501 - lines of the page

    def __init__(self, snapshots: SnapshotStore) -> None:
        """Read from the snapshot store."""
        self._snapshots = snapshots

    def collect(self) -> Iterator[Family]:
        """Build the families from memory."""
        found = [
            (
                (shown.labels[0], *shown.labels[2:], backup.uuid),
                backup,
                _success(shown.saved.get(backup.uuid, ()), snapshot.backed_up.get(backup.uuid)),
            )
            for snapshot in self._snapshots.current
            for shown in snapshot.resources
            for backup in shown.resource.backups
        ]

        def each(read: Callable[[tuple[str, ...], Backup], Iterable[Sample]]) -> Iterator[Sample]:
            for labels, backup, _ in found:
                yield from read(labels, backup)

        yield family(names.BACKUP_ENABLED, each(lambda labels, b: one(labels, b.enabled)))
        yield family(names.BACKUP_INTERVAL, each(lambda labels, b: one(labels, b.interval)))
        yield family(names.BACKUP_RESULT, each(_result))
        yield family(names.BACKUP_FINISHED, each(lambda labels, b: one(labels, b.finished)))
        yield family(names.BACKUP_SUCCESS, (sample for labels, _, moment in found for sample in one(labels, moment)))
        yield family(names.BACKUP_SIZE, each(lambda labels, b: one(labels, b.size)))
        yield family(names.BACKUP_S3, each(lambda labels, b: one(labels, b.s3)))
        yield family(names.BACKUP_UPLOADED, each(lambda labels, b: one(labels, b.uploaded)))
        databases = [
            ((shown.labels[0], *shown.labels[2:], uuid, saved.database), saved)
            for snapshot in self._snapshots.current
            for shown in snapshot.resources
            for uuid, all_saved in shown.saved.items()
            for saved in all_saved
        ]

        def each_database(read: Callable[[Saved], float | None]) -> Iterator[Sample]:
            for labels, saved in databases:
                yield from one(labels, read(saved))

        yield family(
            names.BACKUP_DATABASE_SUCCESS, each_database(lambda saved: saved.good.finished if saved.good else None)
        )
        yield family(names.BACKUP_DATABASE_SIZE, each_database(lambda saved: saved.good.size if saved.good else None))
        yield family(names.BACKUP_DATABASE_MEDIAN, each_database(lambda saved: saved.median))


def _success(saved: Sequence[Saved], otherwise: float | None) -> float | None:
    """The oldest of the databases' last successful runs; what the list has shown where their runs are unknown."""
    moments = [one.good.finished for one in saved if one.good is not None and one.good.finished is not None]
    return min(moments, default=otherwise)


def _result(labels: tuple[str, ...], backup: Backup) -> Iterator[Sample]:
    # A schedule that never ran has no result, as opposed to one with an unknown result.
    if backup.result is not None:
        yield from one_of(labels, names.BACKUP_RESULTS, backup.result)
