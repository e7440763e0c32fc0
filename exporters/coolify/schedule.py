"""What to ask next, and when to ask again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from boxwatch.exporters.coolify.clock import Clock
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.sources import SOURCES, Source

# No source keeps Coolify busy for more than 2 % of the time: lists of a thousand applications take it seconds.
_BUSY: Final = 50
_LONGEST: Final = 900.0
# Share of the budget that regular readings may take; the rest is left for histories.
_REGULAR: Final = 0.75
_BY_NAME: Final = {source.name: source for source in SOURCES}
Key = tuple[str, str]


@dataclass(slots=True)
class Task:
    """A source and one of its targets.

    Attributes:
        due: when to read it, by the steady clock.
        urgent: whether something happened that makes it more important than what has been waiting for longer.
        attempted: whether it was ever read, well or not.
        failure: why the last reading failed; None if it was good.
        failures: how many readings in a row failed.
        good_at: when it was last read well, by the wall clock.
        duration: seconds that the last reading took.
    """

    source: Source
    target: str
    due: float
    urgent: bool = False
    attempted: bool = False
    failure: Failure | None = None
    failures: int = 0
    good_at: float | None = None
    duration: float = 0.0


@dataclass(slots=True)
class Schedule:
    """The tasks of one account.

    Attributes:
        interval: seconds between two readings of a source whose `every` is 1.
    """

    clock: Clock
    interval: float
    tasks: dict[Key, Task] = field(default_factory=dict)
    _stretch: float = 1.0

    def add(self, name: str, target: str = "") -> Task:
        """The task, made if it is new, and then due at once."""
        task = self.tasks.get((name, target))
        if task is None:
            task = self.tasks[name, target] = Task(_BY_NAME[name], target, self.clock.steady())
        return task

    def keep(self, name: str, targets: Iterable[str]) -> None:
        """Have exactly these targets for a source; new ones are due at once."""
        wanted = set(targets)
        for key in [key for key in self.tasks if key[0] == name and key[1] and key[1] not in wanted]:
            del self.tasks[key]
        for target in sorted(wanted):
            self.add(name, target)

    def of(self, name: str) -> list[Task]:
        """The tasks of a source."""
        return [task for (source, _), task in self.tasks.items() if source == name]

    def hurry(self, name: str, target: str = "") -> None:
        """Read a task next, unless it fails: then its patience is kept."""
        task = self.tasks.get((name, target))
        if task is not None and not task.failures:
            task.due = min(task.due, self.clock.steady())
            task.urgent = True

    def next(self, *, scarce: bool = False, only: str = "") -> Task:
        """The task to read next, though it may not be due yet; `scarce` leaves out the background."""
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
        """Coolify is back: read at once what failed for a reason that is over."""
        for task in self.tasks.values():
            if task.failure is not None and task.failure.account_wide:
                task.due = self.clock.steady()

    def plan(self, rate: float) -> None:
        """Stretch all periods when the regular readings would take more than their share of `rate` a second."""
        wanted = sum(
            1 / (task.source.every * self.interval) for task in self.tasks.values() if not task.source.background
        )
        self._stretch = max(1.0, wanted / (_REGULAR * rate))

    def period(self, task: Task) -> float:
        """Seconds between two good readings of a task."""
        return max(task.source.every * self.interval * self._stretch, min(task.duration * _BUSY, _LONGEST))

    def done(self, task: Task, duration: float) -> None:
        """A good reading."""
        # Histories are all read once at the start; from then on each has its own time, so that they spread.
        phase = max(0.1, self.clock.chance()) if task.source.background and task.good_at is None else 1.0
        task.attempted, task.urgent, task.failure, task.failures = True, False, None, 0
        task.duration, task.good_at = duration, self.clock.wall()
        task.due = self.clock.steady() + self.clock.spread(self.period(task) * phase, 0.05)

    def failed(self, task: Task, failure: Failure, duration: float) -> None:
        """A bad reading: try again later each time, and not in step with others."""
        task.attempted, task.urgent, task.failure, task.failures = True, False, failure, min(task.failures + 1, 16)
        task.duration = duration
        first = min(self.period(task), self.interval) / 2
        # The token's check is also the test whether Coolify is back: it is never left for long.
        longest = 2 * self.interval if task.source.name == "version" else _LONGEST
        wait = max(min(first * 2 ** (task.failures - 1), longest), min(failure.wait or 0.0, _LONGEST))
        task.due = self.clock.steady() + self.clock.spread(wait, 0.2)
