"""Errors and warnings at a path of a document, which supplies the line and column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from boxwatch.errors import Problem
from boxwatch.topology.reading.document import Path, Place, Places, spell


@dataclass(frozen=True, slots=True)
class Issue:
    """One error or warning about one value.

    Attributes:
        path: path in the document.
        message: what is wrong, as a predicate whose subject is the path.
        hint: what to write instead; may be empty.
        at_key: True if it concerns the key, not its value.
        absent: True if the last part of the path is missing; the place is that of its parent.
        covers: True if it makes any other issue of the value redundant.
        place: exact place, if the path does not determine it.
    """

    path: Path
    message: str
    hint: str = ""
    at_key: bool = False
    absent: bool = False
    covers: bool = False
    place: Place | None = None

    def problem(self, places: Places) -> Problem:
        """The problem to report, located at the line and column of its path."""
        if self.place is not None:
            return self.at(self.place)
        if self.absent:
            return self.at(places.key(self.path[:-1]))
        return self.at(places.key(self.path) if self.at_key else places.value(self.path))

    def at(self, place: Place) -> Problem:
        """The problem to report, located at a line and column."""
        return Problem(place.file, place.line, place.column, spell(self.path), self.message, self.hint)


def without_covered(issues: Iterable[Issue], earlier: Iterable[Issue]) -> list[Issue]:
    """The issues whose value is not already covered by an earlier one."""
    covered = {issue.path for issue in earlier if issue.covers}
    return [
        issue for issue in issues if not any(issue.path[:length] in covered for length in range(1, len(issue.path) + 1))
    ]
