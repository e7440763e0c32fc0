"""Scheduled tasks of applications and services, clean-ups of servers, and whether their next run is overdue.

Coolify notifies of a task that failed, never of one that it no longer starts (coolify #7485, #4539, #5147).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.cron import longest_gap, next_run
from boxwatch.exporters.coolify.fields import Fields

# Runs read of a list that Coolify does not bound; the newest come first.
ENOUGH: Final = 20


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """A scheduled task; `changed` is the time of its last change, from which its next run is expected."""

    uuid: str
    owner: str
    name: str
    enabled: bool | None
    frequency: str
    interval: int | None
    changed: float


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a task or of a clean-up."""

    result: str
    started: float
    finished: float | None
    duration: float | None


@dataclass(frozen=True, slots=True)
class Executions:
    """The last run and the last successful one, and when they were read, by Coolify's clock."""

    runs: tuple[Execution, ...]
    read_at: float

    @property
    def last(self) -> Execution | None:
        """The last run; None if there was none."""
        return self.runs[0] if self.runs else None

    @property
    def good(self) -> Execution | None:
        """The last successful run."""
        return next((run for run in self.runs if run.result == "success"), None)

    def overdue(self, frequency: str, timezone: str, since: float) -> float | None:
        """Seconds by which the next run was late when the runs were read; None if that cannot be known.

        `since` is the time from which a run was to be expected, for a schedule that has never run.
        """
        started = max(since, self.last.started if self.last is not None else 0.0)
        due = next_run(frequency, started, timezone)
        return None if due is None else max(0.0, self.read_at - due)


def read_task(fields: Fields, owner: str) -> ScheduledTask | None:
    """Read a record of GET /applications/{uuid}/scheduled-tasks. Its command may hold secrets and is dropped."""
    uuid = fields.uuid()
    if uuid is None:
        return None
    frequency = fields.text("frequency") or ""
    interval = longest_gap(frequency)
    if frequency and interval is None:
        fields.complain("frequency")
    return ScheduledTask(
        uuid=uuid,
        owner=owner,
        name=fields.name() or uuid,
        enabled=fields.flag("enabled"),
        frequency=frequency,
        interval=interval,
        changed=max(fields.time("created_at") or 0.0, fields.time("updated_at") or 0.0),
    )


def read_execution(fields: Fields) -> Execution | None:
    """Read a run of a task, or of a clean-up, which has no `started_at`."""
    started = fields.time("started_at") or fields.time("created_at")
    result = fields.text("status")
    if started is None or result is None:
        return None
    if result not in names.BACKUP_RESULTS:
        fields.complain("status")
        result = "unknown"
    finished = fields.time("finished_at")
    return Execution(
        result=result,
        started=started,
        finished=finished,
        duration=finished - started if finished is not None and finished >= started else None,
    )


def latest(runs: Iterable[Execution]) -> tuple[Execution, ...]:
    """The runs that count: the last, and the last successful one."""
    found = sorted(runs, key=lambda run: -run.started)
    good = next((run for run in found if run.result == "success"), None)
    return tuple(dict.fromkeys(run for run in (*found[:1], good) if run is not None))
