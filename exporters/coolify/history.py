"""Counting deployments: each one once, when it is first seen to have ended.

Coolify has no counter. `count` in an application's history falls, because rows older than 60 days are deleted daily
(Coolify 4.3.11, app/Console/Kernel.php), so what ended is counted here, by id:

- The first reading of a history is the baseline: what had ended before the exporter started is not counted. What
  ended later is, by Coolify's own clock (the Date header), so a clock that is off invents nothing.
- A row that waits or runs is remembered and counted when it has ended, in whatever order that happens.
- Totals start at 0 with the process, which Prometheus knows as a counter reset. With a state file they go on, and
  what ended while the exporter was down is counted once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.deployments import Deployment

# Unfinished rows that are remembered for one application: far more than a queue may hold (25 by default).
_MAX_OPEN: Final = 500
REAL: Final = ("deployment", "rollback")


@dataclass(slots=True)
class Log:
    """What is known of one application's deployments.

    Attributes:
        seen: the highest id that was looked at; -1 before the first reading.
        open: ids that were seen to wait or run, and not yet to end.
        totals: ended deployments by kind and result.
        last: the last deployment or rollback that ended.
        complete: whether the history was read at least once.
        since: what ended later than this is counted at the first reading; None counts nothing there.
    """

    seen: int = -1
    open: set[int] = field(default_factory=set)
    totals: dict[tuple[str, str], int] = field(default_factory=dict)
    last: Deployment | None = None
    complete: bool = False
    since: float | None = None


class History:
    """The deployments of an account; moments are seconds since 1970 by Coolify's clock."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self.logs: dict[str, Log] = {}
        self.changed = False  # whether there is something that a state file does not have yet

    def begin(self, uuid: str, since: float | None) -> None:
        """Count an application's deployments from a moment on, if nothing is known of it yet."""
        log = self.logs.setdefault(uuid, Log())
        if log.since is None:
            log.since = since

    def watch(self, active: Iterable[tuple[str, Deployment]]) -> None:
        """Remember the deployments that wait or run now, by application: they will be counted when they end."""
        for uuid, row in active:
            log = self.logs.setdefault(uuid, Log())
            # A row above `seen` is new to the next reading in any case, once there was a first one.
            # A row that was looked at and is not open has ended: this answer is older than that one.
            over = log.complete and row.id <= log.seen
            if row.active and not over and row.id not in log.open and len(log.open) < _MAX_OPEN:
                log.open.add(row.id)
                self.changed = True

    def wants_more(self, uuid: str, rows: Sequence[Deployment]) -> bool:
        """Whether older rows than these may hold something that is not yet counted."""
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
        """Take in an application's history; `whole` if nothing older was left out that could matter.

        Returns the number of remembered rows that are gone: deleted before they were seen to end.
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
        """Drop every application that Coolify no longer has."""
        for uuid in self.logs.keys() - set(keep):
            del self.logs[uuid]
            self.changed = True

    def total(self, uuid: str, kind: str, result: str) -> int:
        """Deployments of an application that were seen to end."""
        log = self.logs.get(uuid)
        return log.totals.get((kind, result), 0) if log else 0

    def dump(self) -> dict[str, object]:
        """What a state file keeps: numbers only, no names."""
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
        """Go on from a state file; entries that make no sense are left out, and begin anew."""
        for uuid, entry in kept.items():
            log = _restore(entry)
            if log is not None:
                self.logs[uuid] = log


def _is_new(log: Log, row: Deployment) -> bool:
    """Whether a row of the first reading ended after the exporter began to count."""
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
