"""The polling schedule: what to poll next, and when to poll it again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from boxwatch.exporters.coolify.clock import Clock
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.sources import SOURCES, Source

# No source keeps Coolify busy for more than 2 % of the time: a list of a thousand applications takes it seconds.
_BUSY: Final = 50
_LONGEST: Final = 900.0
# Share of the request rate for regular polls; the rest is left for histories.
_REGULAR: Final = 0.75
# Seconds after a target appears in which histories go first.
_BEHIND: Final = {"tasks": 60.0, "cleanups": 30.0}
_BY_NAME: Final = {source.name: source for source in SOURCES}
Key = tuple[str, str]


@dataclass(slots=True)
class Task:
    """A source and one of its targets.

    Attributes:
        due: time of the next poll, by the steady clock.
        urgent: whether an event puts it ahead of tasks that have been due for longer.
        attempted: whether it has ever been polled, successfully or not.
        failure: why the last poll failed; None if it succeeded.
        failures: number of consecutive failures.
        good_at: time of the last successful poll, by the wall clock; only shown.
        read_at: the same by the steady clock, which measures ages.
        duration: duration of the last poll in seconds.
    """

    source: Source
    target: str
    due: float
    urgent: bool = False
    attempted: bool = False
    failure: Failure | None = None
    failures: int = 0
    good_at: float | None = None
    read_at: float | None = None
    duration: float = 0.0


@dataclass(slots=True)
class Schedule:
    """The tasks of one account.

    Attributes:
        interval: seconds between polls of a source whose `every` is 1.
        disabled: sources that have no tasks.
        missing: sources that this version of Coolify does not have.
    """

    clock: Clock
    interval: float
    disabled: frozenset[str] = frozenset()
    tasks: dict[Key, Task] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    _stretch: float = 1.0

    def add(self, name: str, target: str = "") -> Task:
        """Return the task; a new one is created and due immediately, or when the histories have been begun."""
        task = self.tasks.get((name, target))
        if task is None:
            task = Task(_BY_NAME[name], target, self.clock.steady() + _BEHIND.get(name, 0.0))
            if name not in self.disabled and name not in self.missing:
                self.tasks[name, target] = task
        return task

    def keep(self, name: str, targets: Iterable[str]) -> None:
        """Set the targets of a source; new ones are due immediately."""
        wanted = set(targets)
        for key in [key for key in self.tasks if key[0] == name and key[1] and key[1] not in wanted]:
            del self.tasks[key]
        for target in sorted(wanted):
            self.add(name, target)

    def drop(self, name: str) -> None:
        """Poll a source no more, because Coolify does not have it."""
        self.missing.add(name)
        self.keep(name, ())

    def of(self, name: str) -> list[Task]:
        """The tasks of a source."""
        return [task for (source, _), task in self.tasks.items() if source == name]

    def hurry(self, name: str, target: str = "") -> None:
        """Poll a task next, unless it is failing: its back-off still applies."""
        task = self.tasks.get((name, target))
        if task is not None and not task.failures:
            task.due = min(task.due, self.clock.steady())
            task.urgent = True

    def next(self, *, scarce: bool = False, only: str = "") -> Task:
        """The task to poll next, which may not be due yet; `scarce` leaves out background sources."""
        now = self.clock.steady()

        def rank(task: Task) -> tuple[bool, bool, float]:
            return (task.due > now, task.source.background and not task.urgent, task.due)

        return min(
            (
                task
                for task in self.tasks.values()
                if (not only or task.source.name == only) and not (scarce and task.source.background)
            ),
            key=rank,
        )

    def retry(self) -> None:
        """Poll immediately every task whose failure applied to the whole account, now that it is over."""
        for task in self.tasks.values():
            if task.failure is not None and task.failure.account_wide:
                task.due = self.clock.steady()

    def plan(self, rate: float) -> None:
        """Stretch all periods if regular polls would exceed their share of `rate` (requests per second)."""
        wanted = sum(
            1 / (task.source.every * self.interval) for task in self.tasks.values() if not task.source.background
        )
        self._stretch = max(1.0, wanted / (_REGULAR * rate))

    def period(self, task: Task) -> float:
        """Seconds between two successful polls of a task."""
        return max(task.source.every * self.interval * self._stretch, min(task.duration * _BUSY, _LONGEST))

    def done(self, task: Task, duration: float) -> None:
        """Record a successful poll."""
        # After all histories have been read once at the start, each gets its own phase, so that they spread.
        phase = max(0.1, self.clock.chance()) if task.source.background and task.good_at is None else 1.0
        task.attempted, task.urgent, task.failure, task.failures = True, False, None, 0
        task.duration, task.good_at, task.read_at = duration, self.clock.wall(), self.clock.steady()
        task.due = self.clock.steady() + self.clock.spread(self.period(task) * phase, 0.05)

    def failed(self, task: Task, failure: Failure, duration: float) -> None:
        """Record a failed poll: retry with exponential back-off and jitter."""
        task.attempted, task.urgent, task.failure, task.failures = True, False, failure, min(task.failures + 1, 16)
        task.duration = duration
        first = min(self.period(task), self.interval) / 2
        # The token check also detects that Coolify is back, so its back-off stays short.
        longest = 2 * self.interval if task.source.name == "version" else _LONGEST
        wait = max(min(first * 2 ** (task.failures - 1), longest), min(failure.wait or 0.0, _LONGEST))
        task.due = self.clock.steady() + self.clock.spread(wait, 0.2)
