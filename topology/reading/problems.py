"""What is wrong, or odd, at a path of a document; the document knows the line and column that belong to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from boxwatch.errors import Problem
from boxwatch.topology.reading.document import Path, Place, Places, spell


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to say about one value.

    Attributes:
        path: where in the document.
        message: what is wrong, the rest of a sentence whose subject is the path.
        hint: what to write instead; may be empty.
        at_key: True when the key is meant, not its value.
        absent: True when the last part of the path is what is missing; the place is that of what should have it.
        covers: True when nothing else that could be said about the value is worth saying.
        place: where exactly, when the path does not tell.
    """

    path: Path
    message: str
    hint: str = ""
    at_key: bool = False
    absent: bool = False
    covers: bool = False
    place: Place | None = None

    def problem(self, places: Places) -> Problem:
        """With the line and column that the document knows for its path."""
        if self.place is not None:
            return self.at(self.place)
        if self.absent:
            return self.at(places.key(self.path[:-1]))
        return self.at(places.key(self.path) if self.at_key else places.value(self.path))

    def at(self, place: Place) -> Problem:
        """With a line and column."""
        return Problem(place.file, place.line, place.column, spell(self.path), self.message, self.hint)


def without_covered(mistakes: Iterable[Mistake], earlier: Iterable[Mistake]) -> list[Mistake]:
    """The mistakes that are not about a value of which earlier ones have said everything."""
    covered = {mistake.path for mistake in earlier if mistake.covers}
    return [
        mistake
        for mistake in mistakes
        if not any(mistake.path[:length] in covered for length in range(1, len(mistake.path) + 1))
    ]
