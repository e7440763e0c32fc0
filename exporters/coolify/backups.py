"""Scheduled backups: each schedule with its last run, from GET /databases, and with the runs for each of its databases.

A schedule of several databases makes one file and one record for each, and `latest_log` is the last of these only. So
the records themselves are read from GET /databases/{uuid}/backups, where Coolify sends all there have ever been.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.cron import longest_gap
from boxwatch.exporters.coolify.fields import Fields

# Files whose median a new one is compared with, and the fewest that have one.
_COMPARED: Final = 20
_LEAST: Final = 3
_DATABASES: Final = 64


@dataclass(frozen=True, slots=True)
class Run:
    """One backup of one database; `size` is in bytes.

    Attributes:
        database: name within the database server; empty if Coolify does not say.
        uploaded: whether the file is in S3; None if Coolify does not say.
    """

    database: str
    result: str
    created: float
    finished: float | None
    size: int | None
    uploaded: bool | None


@dataclass(frozen=True, slots=True)
class Saved:
    """The backups of one database of a schedule: the last, the last successful one, and the sizes before it."""

    database: str
    last: Run
    good: Run | None = None
    median: float | None = None


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup schedule and its last run; `interval` is in seconds, `size` in bytes."""

    uuid: str
    enabled: bool | None
    interval: int | None
    result: str | None
    finished: float | None
    size: int | None
    uploaded: bool | None
    s3: bool | None = None
    databases: frozenset[str] = frozenset()
    run: str = ""

    def with_runs(self, runs: Iterable[Run]) -> tuple[Backup, tuple[Saved, ...]]:
        """The schedule and its databases, according to all their runs instead of the last one."""
        saved = tuple(_saved(self, runs))
        if not saved:
            return self, ()
        results = {one.last.result for one in saved}
        good = [one.good for one in saved if one.good is not None]
        sizes = [run.size for run in good if run.size is not None]
        stored = [run.uploaded for run in good if run.uploaded is not None] if self.s3 else []
        return (
            replace(
                self,
                result=next(result for result in ("failed", "running", "unknown", "success") if result in results),
                finished=max((one.last.finished for one in saved if one.last.finished is not None), default=None),
                size=sum(sizes) if sizes else None,
                uploaded=all(stored) if stored else None,
            ),
            saved,
        )


def of_type(database_type: str) -> str:
    """A common spelling for `standalone-postgresql` and the class StandalonePostgresql."""
    return database_type.rsplit("\\", 1)[-1].replace("-", "").lower()


def read(database: Fields, database_type: str) -> Iterator[Backup]:
    """Read the schedules that really belong to a record of GET /databases.

    Coolify matches them by `database_id` alone, so a PostgreSQL with id 3 also lists those of a Redis with id 3
    (Coolify 4.3.11, app/Http/Controllers/Api/DatabasesController.php); the class name distinguishes them.
    """
    for config in database.children("backup_configs"):
        uuid = config.uuid()
        owner = config.text("database_type")
        if uuid is None or (owner and database_type and of_type(owner) != of_type(database_type)):
            continue
        run = config.child("latest_log")
        result = _result(run, config)
        frequency = config.text("frequency")
        seconds = longest_gap(frequency) if frequency else None
        if frequency and seconds is None:
            config.complain("frequency")
        s3 = config.flag("save_s3")
        yield Backup(
            uuid=uuid,
            enabled=config.flag("enabled"),
            interval=seconds,
            result=result,
            finished=run.time("finished_at"),
            size=run.count("size"),
            uploaded=_uploaded(run) if result == "success" and s3 is not False else None,
            s3=s3,
            databases=_databases(config),
            run=f"{run.text('uuid')} {result}" if result else "",
        )


def _databases(config: Fields) -> frozenset[str]:
    """The databases that a schedule names, separated by commas; of MongoDB `database:collection,…|database`."""
    if config.flag("dump_all"):
        return frozenset()
    text = config.text("databases_to_backup", 4096) or ""
    separator = r"\|" if ":" in text or "|" in text else ","
    return frozenset(filter(None, (_name(item) for item in re.split(separator, text))))


def _name(text: str) -> str:
    return text.partition(":")[0].strip()


def _result(run: Fields, config: Fields) -> str | None:
    result = run.text("status")
    if result is not None and result not in names.BACKUP_RESULTS:
        config.complain("backup_status")
        return "unknown"
    return result


def _uploaded(run: Fields) -> bool | None:
    """Whether the file of a successful run was stored in S3; a version without the field says nothing."""
    return bool(run.flag("s3_uploaded")) if "s3_uploaded" in run.record else None


def read_run(fields: Fields) -> Run | None:
    """Read a record of a run."""
    created = fields.time("created_at")
    result = _result(fields, fields)
    if created is None or result is None:
        return None
    return Run(
        database=_name(fields.text("database_name") or ""),
        result=result,
        created=created,
        finished=fields.time("finished_at"),
        size=fields.count("size"),
        uploaded=_uploaded(fields) if result == "success" else None,
    )


def newest(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The runs that count: of each database the last, and the successful ones that sizes are compared with."""
    kept: list[Run] = []
    seen: dict[str, int] = {}
    for run in sorted(runs, key=lambda run: -run.created):
        number = seen.get(run.database)
        if number is None and len(seen) >= _DATABASES:
            continue
        if number is None or (run.result == "success" and number <= _COMPARED):
            kept.append(run)
        seen[run.database] = (number or 0) + (run.result == "success")
    return tuple(kept)


def _saved(backup: Backup, runs: Iterable[Run]) -> Iterator[Saved]:
    """The databases that the schedule still saves, in alphabetical order; those it has dropped are left out."""
    found: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: -run.created):
        found.setdefault(run.database, []).append(run)
    named = found.keys() & backup.databases
    # Without names, the schedule saves one database, or all in one file: that of the last run.
    wanted = named or set(list(found)[:1])
    for database in sorted(wanted)[:_DATABASES]:
        mine = found[database]
        good = [run for run in mine if run.result == "success"]
        before = [run.size for run in good[1 : _COMPARED + 1] if run.size]
        yield Saved(
            database=database,
            last=mine[0],
            good=good[0] if good else None,
            median=float(statistics.median(before)) if len(before) >= _LEAST else None,
        )
