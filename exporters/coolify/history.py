"""Deployment counters: each deployment is counted once, when it is first seen to have ended.

Coolify has no counter. `count` in an application's history decreases, because rows older than 60 days are deleted daily
(Coolify 4.3.11, app/Console/Kernel.php), so ended deployments are counted here, by id:

- The first read of a history is the baseline: deployments that ended before the exporter started are not counted; later
  ones are, by Coolify's own clock (the Date header), so that a wrong local clock invents nothing.
- Queued and running rows are remembered and counted once they have ended, in any order.
- Totals begin at 0 with the process, which Prometheus treats as a counter reset. With a state file they continue, and
  deployments that ended while the exporter was down are counted once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.deployments import Deployment

# Maximum unfinished rows remembered per application: far more than fit in a queue (25 by default).
_MAX_OPEN: Final = 500
REAL: Final = ("deployment", "rollback")


@dataclass(slots=True)
class Log:
    """Deployments of one application.

    Attributes:
        seen: highest id read; -1 before the first read.
        open: ids seen queued or running, and not yet seen to end.
        totals: ended deployments by kind and result.
        last: the last completed deployment or rollback.
        complete: whether the history has been read at least once.
        since: the first read counts deployments that ended after this time; None counts none.
    """

    seen: int = -1
    open: set[int] = field(default_factory=set)
    totals: dict[tuple[str, str], int] = field(default_factory=dict)
    last: Deployment | None = None
    complete: bool = False
    since: float | None = None


class History:
    """Deployments of an account; times are in seconds since 1970 by Coolify's clock."""

    def __init__(self) -> None:
        """Start empty."""
        self.logs: dict[str, Log] = {}
        self.changed = False  # whether the state file is out of date

    def begin(self, uuid: str, since: float | None) -> None:
        """Count a new application's deployments from a point in time."""
        log = self.logs.setdefault(uuid, Log())
        if log.since is None:
            log.since = since

    def watch(self, active: Iterable[tuple[str, Deployment]]) -> None:
        """Remember queued and running deployments by application, to count them when they end."""
        for uuid, row in active:
            log = self.logs.setdefault(uuid, Log())
            # A row above `seen` is new to the next read in any case, once there has been a first one.
            # A row that was read and is not open has ended: this response is older than that one.
            over = log.complete and row.id <= log.seen
            if row.active and not over and row.id not in log.open and len(log.open) < _MAX_OPEN:
                log.open.add(row.id)
                self.changed = True

    def wants_more(self, uuid: str, rows: Sequence[Deployment]) -> bool:
        """Whether rows older than these may include uncounted deployments."""
        if not rows:
            return False
        log = self.logs.get(uuid) or Log()
        oldest = min(row.id for row in rows)
        if log.open and min(log.open) < oldest:
            return True
        if log.complete:
            return oldest > log.seen + 1
        return log.since is not None and not any(row.result and not _is_new(log, row) for row in rows)

    def read(self, uuid: str, rows: Iterable[Deployment], *, whole: bool) -> int:
        """Count an application's history; `whole` means that no relevant older row was left out.

        Returns the number of remembered rows that were deleted before they were seen to end.
        """
        log = self.logs.setdefault(uuid, Log())
        before = (log.seen, log.complete, len(log.open), sum(log.totals.values()))
        found = {row.id: row for row in rows}
        for row in sorted(found.values(), key=lambda row: row.id):
            self._take(log, row)
        log.seen = max(log.seen, *found, -1)
        log.complete = True
        lost = log.open - found.keys() if whole else set()
        log.open -= lost
        after = (log.seen, log.complete, len(log.open), sum(log.totals.values()))
        self.changed = self.changed or before != after
        return len(lost)

    def _take(self, log: Log, row: Deployment) -> None:
        known = row.id in log.open
        if row.result is None:
            if (known or row.id > log.seen or not log.complete) and len(log.open) < _MAX_OPEN:
                log.open.add(row.id)
            return
        if known or (row.id > log.seen and (log.complete or _is_new(log, row))):
            key = (row.kind, row.result)
            log.totals[key] = log.totals.get(key, 0) + 1
        log.open.discard(row.id)
        if row.kind in REAL and (log.last is None or _order(row) >= _order(log.last)):
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
        """The content of the state file: ids and numbers, no names."""
        return {
            uuid: {
                "seen": log.seen,
                "open": sorted(log.open),
                "totals": {f"{kind}/{result}": number for (kind, result), number in sorted(log.totals.items())},
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


def _is_new(log: Log, row: Deployment) -> bool:
    """Whether a row of the first read ended after counting began."""
    return log.since is not None and row.ended is not None and row.ended > log.since


def _order(row: Deployment) -> tuple[float, int]:
    return (row.ended or 0.0, row.id)


def _restore(entry: object) -> Log | None:
    if not isinstance(entry, dict):
        return None
    seen, opened, totals = entry.get("seen"), entry.get("open"), entry.get("totals")
    if not (isinstance(seen, int) and isinstance(opened, list) and isinstance(totals, dict)):
        return None
    log = Log(seen=seen, open={number for number in opened if isinstance(number, int)}, complete=True)
    for kind in names.KINDS:
        for result in names.RESULTS:
            number = totals.get(f"{kind}/{result}", 0)
            if not isinstance(number, int) or isinstance(number, bool) or number < 0:
                return None
            if number:
                log.totals[kind, result] = number
    return log
