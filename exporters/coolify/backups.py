"""Scheduled backups, as read from GET /databases: each schedule with its last run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.fields import Fields

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
# Coolify accepts these words besides cron (Coolify 4.3.11, bootstrap/helpers/constants.php, VALID_CRON_STRINGS).
_WORDS: Final = {
    "every_minute": 60,
    "hourly": _HOUR,
    "daily": _DAY,
    "weekly": 7 * _DAY,
    "monthly": 31 * _DAY,
    "yearly": 366 * _DAY,
    "annually": 366 * _DAY,
    "midnight": _DAY,
}
_CRON_FIELDS: Final = 5


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


def interval(frequency: str) -> int | None:
    """The longest interval between two runs in seconds, rounded up to an hour, a day, a week, a month or a year.

    >>> interval("0 3 * * *"), interval("@weekly"), interval("*/10 * * * *")
    (86400, 604800, 3600)
    """
    word = frequency.strip().lower().removeprefix("@")
    fields = word.split()
    if len(fields) != _CRON_FIELDS:
        return _WORDS.get(word)
    _minute, hour, day, month, weekday = fields
    for field, seconds in ((month, 366 * _DAY), (day, 31 * _DAY), (weekday, 7 * _DAY), (hour, _DAY)):
        if field != "*":
            return seconds
    return _HOUR


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
        result = run.text("status")
        if result is not None and result not in names.BACKUP_RESULTS:
            config.complain("backup_status")
            result = "unknown"
        frequency = config.text("frequency")
        seconds = interval(frequency) if frequency else None
        if frequency and seconds is None:
            config.complain("frequency")
        yield Backup(
            uuid=uuid,
            enabled=config.flag("enabled"),
            interval=seconds,
            result=result,
            finished=run.time("finished_at"),
            size=run.count("size"),
            uploaded=run.flag("s3_uploaded"),
        )
