"""Deployment counters: each deployment is counted once, when it is first seen to have ended.

Coolify has no counter. `count` in an application's history decreases, because rows older than 60 days are deleted daily
(Coolify 4.3.11, app/Console/Kernel.php), so ended deployments are counted here, by id:

- The first read of a history is the baseline: deployments that ended before the exporter started are not counted; later
  ones are, by Coolify's own clock (the Date header), so that a wrong local clock invents nothing.
- Queued and running rows are remembered and counted once they have ended, in any order.
- Totals begin at 0 with the process, which Prometheus treats as a counter reset. With a state file they continue, and
  deployments that ended while the exporter was down are counted once. An application's totals are exposed again only
  after its history has been read: a state file that is older than the last scrape (a disk that became read-only, a
  volume that was rolled back) is brought up to date by the rows that have ended since it was written.
- When Coolify is restored from a backup, ids begin again below those seen. A row is then new if it is above the newest
  row that is still there: the same id, created at the same time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeGuard

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.deployments import Deployment
from boxwatch.exporters.coolify.fields import clean

# Maximum unfinished rows remembered per application: far more than fit in a queue (25 by default).
_MAX_OPEN: Final = 500
# Rows of which the time of creation is remembered, and those with a status unknown here.
_RECENT: Final = 64
_MAX_STRANGE: Final = 20
# A deployment cannot have ended later than now, by Coolify's clock, plus the time that a response takes.
_SKEW: Final = 5.0
# From a restart without a build to the hour after which Coolify kills a deployment.
BUCKETS: Final = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)
REAL: Final = ("deployment", "rollback")


@dataclass(slots=True)
class Log:
    """Deployments of one application.

    Attributes:
        seen: highest id read; -1 before the first read.
        open: ids seen queued or running, and not yet seen to end.
        strange: ids seen with an unknown status, which are counted if they ever end with a known one.
        recent: time of creation of the latest rows, by id.
        totals: ended deployments by kind and result.
        last: the last completed deployment or rollback.
        complete: whether the history has been read at least once, by this process or the one before.
        read: whether this process has read it, so that its totals are current.
        waits: time in the queue of deployments seen active, by id: until they were last seen queued, or first running.
        waited: the same of the last deployment; None if it was not seen active.
        since: the first read counts deployments that ended after this time; None counts none.
    """

    seen: int = -1
    open: set[int] = field(default_factory=set)
    strange: set[int] = field(default_factory=set)
    recent: dict[int, float] = field(default_factory=dict)
    totals: dict[tuple[str, str], int] = field(default_factory=dict)
    last: Deployment | None = None
    complete: bool = False
    read: bool = False
    waits: dict[int, float] = field(default_factory=dict)
    waited: float | None = None
    since: float | None = None

    @property
    def shown(self) -> bool:
        """Whether the totals are at least those of the last scrape: not before a restored log has been read."""
        return self.read or not self.complete

    def knows(self, row: Deployment) -> bool:
        """Whether a row is one of the latest that were there at the last read."""
        return row.created is not None and self.recent.get(row.id) == row.created

    def rewind(self, rows: Sequence[Deployment]) -> None:
        """Go back to the newest row that is still there, if Coolify was restored from a backup.

        Then the row with the highest id seen is gone, while older ones are there; the daily deletion takes the oldest.
        """
        older = [row for row in rows if row.id <= self.seen]
        if not older or any(row.id == self.seen and (self.knows(row) or not self.recent) for row in older):
            return
        latest = max(self.recent.values(), default=0.0)
        self.seen = max(
            (row.id for row in older if self.knows(row)),
            # From before all that is remembered, or nothing is.
            default=max((row.id for row in older if (row.created or 0.0) <= latest or not self.recent), default=-1),
        )
        self.recent = {number: created for number, created in self.recent.items() if number <= self.seen}
        self.open = {row.id for row in older if row.id in self.open and row.id <= self.seen}

    def new(self, row: Deployment) -> bool:
        """Whether a row was not there at the last read."""
        if row.id > self.seen:
            return True
        created = self.recent.get(row.id)
        return self.complete and created is not None and row.created is not None and row.created != created


@dataclass(slots=True)
class Durations:
    """A histogram of durations in seconds: numbers by bucket, not cumulative, and their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        """Count a duration."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def copy(self) -> Durations:
        """A copy that later durations do not change."""
        return Durations(list(self.counts), self.total)


class History:
    """Deployments of an account; times are in seconds since 1970 by Coolify's clock."""

    def __init__(self) -> None:
        """Start empty."""
        self.logs: dict[str, Log] = {}
        self.durations: dict[tuple[str, str], Durations] = {}
        self.changed = False  # whether the state file is out of date

    def begin(self, uuid: str, since: float | None) -> None:
        """Count a new application's deployments from a point in time."""
        log = self.logs.setdefault(uuid, Log())
        if log.since is None:
            log.since = since

    def watch(self, active: Iterable[tuple[str, Deployment]], now: float | None = None) -> None:
        """Remember queued and running deployments by application, to count them when they end."""
        for uuid, row in active:
            log = self.logs.setdefault(uuid, Log())
            if now is not None and row.created is not None and len(log.waits) < _MAX_OPEN:
                if row.status == "queued":
                    log.waits[row.id] = max(0.0, now - row.created)
                else:
                    log.waits.setdefault(row.id, max(0.0, now - row.created))
            # A row above `seen` is new to the next read in any case, once there has been a first one.
            # A row that was read and is not open has ended: this response is older than that one.
            over = log.complete and not log.new(row)
            if row.active and not over and row.id not in log.open and len(log.open) < _MAX_OPEN:
                log.open.add(row.id)
                self.changed = True

    def wants_more(self, uuid: str, rows: Sequence[Deployment], now: float | None = None) -> bool:
        """Whether rows older than these may include uncounted deployments."""
        if not rows:
            return False
        log = self.logs.get(uuid) or Log()
        oldest = min(row.id for row in rows)
        if log.open and min(log.open) < oldest:
            return True
        if log.complete:
            gap = oldest > log.seen + 1
            restored = oldest <= log.seen and bool(log.recent) and not any(map(log.knows, rows))
            return gap or restored
        return log.since is not None and not any(row.result and not _is_new(log, row, now) for row in rows)

    def seeks_last(self, uuid: str, rows: Iterable[Deployment]) -> bool:
        """Whether the last deployment is unknown and may be among older rows, behind previews and restarts."""
        log = self.logs.get(uuid) or Log()
        return not log.read and log.last is None and not any(row.kind in REAL and row.result for row in rows)

    def read(self, uuid: str, rows: Iterable[Deployment], *, whole: bool, now: float | None = None) -> int:
        """Count an application's history; `whole` means that no relevant older row was left out.

        Returns the number of remembered rows that were deleted before they were seen to end.
        """
        log = self.logs.setdefault(uuid, Log())
        before = (log.seen, log.complete, len(log.open), log.last, sum(log.totals.values()))
        found = {row.id: row for row in rows}
        restored = log.complete and not log.read
        if log.complete:
            log.rewind(tuple(found.values()))
        for row in sorted(found.values(), key=lambda row: row.id):
            self._take(log, row, now)
        if restored and not whole:
            # Too many rows have ended since the state file was written, so the totals may be below the last scrape.
            log.totals.clear()
        log.seen = max(log.seen, *found, -1)
        known = log.recent | {row.id: row.created for row in found.values() if row.created is not None}
        log.recent = {number: known[number] for number in sorted(known) if number <= log.seen}
        while len(log.recent) > _RECENT:
            del log.recent[min(log.recent)]
        log.complete = log.read = True
        lost = log.open - found.keys() if whole else set()
        log.open -= lost
        after = (log.seen, log.complete, len(log.open), log.last, sum(log.totals.values()))
        self.changed = self.changed or before != after
        return len(lost)

    def _take(self, log: Log, row: Deployment, now: float | None) -> None:
        known = row.id in log.open or row.id in log.strange
        new = log.new(row)
        if row.active:
            if (known or new or not log.complete) and len(log.open) < _MAX_OPEN:
                log.open.add(row.id)
            return
        if row.result is None:
            # Not polled for: a status that is unknown today stays so.
            if (known or new) and len(log.strange) < _MAX_STRANGE:
                log.strange.add(row.id)
            log.open.discard(row.id)
            return
        if known or (new and (log.complete or _is_new(log, row, now))):
            key = (row.kind, row.result)
            log.totals[key] = log.totals.get(key, 0) + 1
            # Not what a restored log counts again.
            if row.duration is not None and (log.read or not log.complete):
                self.durations.setdefault(key, Durations()).add(row.duration)
        log.open.discard(row.id)
        log.strange.discard(row.id)
        waited = log.waits.pop(row.id, None)
        if row.kind in REAL and (log.last is None or _order(row) >= _order(log.last)):
            log.waited = waited if log.last is None or log.last.id != row.id or waited is not None else log.waited
            log.last = row

    def forget(self, keep: Iterable[str]) -> None:
        """Drop every application that no longer exists in Coolify."""
        for uuid in self.logs.keys() - set(keep):
            del self.logs[uuid]
            self.changed = True

    def total(self, uuid: str, kind: str, result: str) -> int:
        """Ended deployments of an application."""
        log = self.logs.get(uuid)
        return log.totals.get((kind, result), 0) if log else 0

    def dump(self) -> dict[str, object]:
        """The content of the state file: ids, numbers and times, no names."""
        return {
            uuid: {
                "seen": log.seen,
                "open": sorted(log.open | log.strange),
                "recent": [[number, created] for number, created in sorted(log.recent.items())],
                "totals": {f"{kind}/{result}": number for (kind, result), number in sorted(log.totals.items())},
                "last": _dumped(log.last),
            }
            for uuid, log in sorted(self.logs.items())
            if log.complete
        }

    def load(self, kept: dict[str, object]) -> None:
        """Continue from a state file; invalid entries are ignored, and their totals begin at 0."""
        for uuid, entry in kept.items():
            log = _restore(entry)
            if log is not None:
                self.logs[uuid] = log


def _is_new(log: Log, row: Deployment, now: float | None) -> bool:
    """Whether a row of the first read ended after counting began."""
    if log.since is None or row.ended is None or row.ended <= log.since:
        return False
    return now is None or row.ended <= now + _SKEW


def _order(row: Deployment) -> tuple[float, int]:
    return (row.ended or 0.0, row.id)


def _dumped(row: Deployment | None) -> object:
    return (
        None
        if row is None
        else [row.id, row.kind, row.status, row.created, row.moved, row.finished, row.trigger, row.commit]
    )


def _restore(entry: object) -> Log | None:
    if not isinstance(entry, dict):
        return None
    seen, opened, totals = entry.get("seen"), entry.get("open"), entry.get("totals")
    recent = entry.get("recent", [])
    if not (_whole(seen, -1) and isinstance(opened, list) and isinstance(totals, dict) and isinstance(recent, list)):
        return None
    log = Log(seen=seen, open={number for number in opened if _whole(number)}, complete=True)
    for pair in recent[-_RECENT:]:
        if isinstance(pair, list) and len(pair) == 2 and _whole(pair[0]) and _moment(pair[1]):  # noqa: PLR2004 - a pair
            log.recent[pair[0]] = pair[1] or 0.0
    log.last = _last(entry.get("last"))
    for kind in names.KINDS:
        for result in names.RESULTS:
            number = totals.get(f"{kind}/{result}", 0)
            if not _whole(number):
                return None
            if number:
                log.totals[kind, result] = number
    return log


def _whole(value: object, least: int = 0) -> TypeGuard[int]:
    """Whether it is an integer; `true` is none, though Python thinks so."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < 1 << 62


def _moment(value: object) -> TypeGuard[float | None]:
    if value is None:
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1 << 40


def _last(value: object) -> Deployment | None:
    match value:
        case [number, kind, status, created, moved, finished, str(trigger), str(commit)] if (
            _whole(number)
            and kind in REAL
            and status in names.RESULTS
            and _moment(created)
            and _moment(moved)
            and _moment(finished)
        ):
            return Deployment(
                number, None, None, str(status), str(kind), "", created, moved, finished, clean(trigger), clean(commit)
            )
    return None
