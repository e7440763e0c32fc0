"""Lines of a diagnosis, and the report in which consequences stand below their cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["ok", "warning", "problem"]
STATES: Final[tuple[State, ...]] = ("problem", "warning", "ok")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one check found at one place.

    Attributes:
        check: id of the check: `targets`.
        key: unique among all lines, so that other lines can name it as their cause.
        state: a problem has to be solved; a warning is a risk.
        where: the place: `cadvisor on main`.
        what: what was found, as a phrase.
        action: what to do; empty if nothing.
        hint: what else to do here, where `action` is what to do at all places of the topic.
        topic: what lines at several places have in common: `targets are down: unknown host`; empty for none.
        details: further lines, such as the lines of configuration that are missing.
        after: keys of lines without which this one means nothing.
        unsettled: no problem, but what follows from it cannot be judged yet.
    """

    check: str
    key: str
    state: State
    where: str
    what: str
    action: str = ""
    hint: str = ""
    topic: str = ""
    details: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    unsettled: bool = False

    @property
    def remedy(self) -> str:
        """Everything that there is to do."""
        return ". ".join(filter(None, (self.action, self.hint)))

    @property
    def blocks(self) -> bool:
        """Whether lines that come after it mean nothing."""
        return self.state == "problem" or self.unsettled

    def to_json(self) -> dict[str, object]:
        """The line as plain values."""
        return {
            "check": self.check,
            "state": self.state,
            "where": self.where,
            "what": self.what,
            "action": self.remedy,
            "details": list(self.details),
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the report, with those that mean nothing until it is solved."""

    line: Line
    consequences: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A diagnosis.

    Attributes:
        entries: the lines in the order in which to solve them.
    """

    entries: tuple[Entry, ...]

    def count(self, state: State) -> int:
        """How many lines have a state; consequences do not count."""
        return sum(entry.line.state == state for entry in self.entries)

    @property
    def next(self) -> Line | None:
        """The line to solve first: the first problem, else the first warning; None if everything is ok."""
        found = (entry.line for state in STATES[:2] for entry in self.entries if entry.line.state == state)
        return next(found, None)

    def to_json(self) -> dict[str, object]:
        """The report as plain values."""
        first = self.next
        return {
            "problems": self.count("problem"),
            "warnings": self.count("warning"),
            "ok": self.count("ok"),
            "lines": [
                {**entry.line.to_json(), "consequences": [one.to_json() for one in entry.consequences]}
                for entry in self.entries
            ],
            "next": None if first is None else first.to_json(),
        }


def report(lines: Iterable[Line]) -> Report:
    """The report of these lines: what follows from a problem stands below it, however many lines are between."""
    found = tuple(lines)
    by_key = {line.key: line for line in found}
    below: dict[str, list[Line]] = {}
    shown: list[Line] = []
    for line in found:
        cause = next(_causes(line, by_key), None)
        if cause is None:
            shown.append(line)
        else:
            below.setdefault(cause.key, []).append(line)
    return Report(tuple(Entry(line, tuple(below.get(line.key, ()))) for line in shown))


def _causes(line: Line, by_key: Mapping[str, Line]) -> Iterator[Line]:
    """The lines that block a line, the first cause first."""
    for key in line.after:
        if key in by_key:
            yield from _causes(by_key[key], by_key)
            if by_key[key].blocks:
                yield by_key[key]
