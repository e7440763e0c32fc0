"""A run over one or several servers: plans shown, one question, each carried out, and a clear word where one fails."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import click

from boxwatch.commands import connection, options, progress
from boxwatch.errors import BoxwatchError, PublishError

Say = Callable[[str], None]
# How many are done, of how many.
Watch = Callable[[int, int], None]
MANNER_OPTIONS: tuple[connection.Option, ...] = (options.plan, options.as_json, connection.quiet)
# As diff and terraform tell "there are differences" apart from "it failed".
DIFFERS = 3


class Side(Protocol):
    """What a run does to one server: a plan that was made.

    Attributes:
        name: of the server, and the key in JSON.
        doing: what is counted while it is carried out.
        needed: whether there is anything to do.
        refused: whether somebody has to decide about something first.
        notes: what the user should know first.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - above
    @property
    def doing(self) -> str: ...  # noqa: D102 - above
    @property
    def needed(self) -> bool: ...  # noqa: D102 - above
    @property
    def refused(self) -> bool: ...  # noqa: D102 - above
    @property
    def notes(self) -> tuple[str, ...]: ...  # noqa: D102 - above

    def show(self) -> Iterable[str]:
        """The plan in lines, the sum last."""

    def to_json(self) -> dict[str, object]:
        """The plan for machines."""

    def apply(self, say: Say, watch: Watch) -> str:
        """Carry it out.

        Returns:
            what is left to say; mostly empty.

        Raises:
            PublishError: it was not done, or not wholly, with why and what is in place now.
        """


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run talks, and whether it does anything.

    Attributes:
        as_json: one document on standard output instead of lines.
        quiet: nothing but errors.
        dry_run: the plans only.
        yes: nobody is asked.
    """

    as_json: bool = False
    quiet: bool = False
    dry_run: bool = False
    yes: bool = False

    def say(self, line: str) -> None:
        """A line for people."""
        if not (self.as_json or self.quiet):
            click.echo(line)

    def note(self, text: str) -> None:
        """Lines beside the result."""
        for line in text.splitlines() if not self.quiet else ():
            click.echo(f"note: {line}", err=True)


def compare(sides: Iterable[Side], manner: Manner) -> None:
    """Show what every plan would change; exit 3 when there is something."""
    sides = tuple(sides)
    _show(sides, manner)
    if manner.as_json:
        options.print_json({side.name: side.to_json() for side in sides})
    if any(side.needed or side.refused for side in sides):
        sys.exit(DIFFERS)


def carry_out(sides: Iterable[Side], manner: Manner) -> None:
    """Show the plans, ask once, and do them in order; after one that fails nothing more is begun.

    Raises:
        PublishError: one failed, with what became of each.
    """
    sides = tuple(sides)
    _show(sides, manner)
    needed = [side for side in sides if side.needed]
    if needed and not manner.dry_run and not manner.yes:
        _ask()
    results: dict[str, dict[str, object]] = {side.name: {**side.to_json(), "done": False, "said": ""} for side in sides}
    failed: BoxwatchError | None = None
    for side in needed if not manner.dry_run else ():
        try:
            with progress.shown(side.doing, hidden=manner.as_json or manner.quiet) as watch:
                said = side.apply(manner.say, watch)
        except BoxwatchError as error:
            results[side.name]["error"] = str(error)
            failed = PublishError("\n".join([str(error), *_what_became(needed, side)]))
            break
        results[side.name] |= {"done": True, "said": said}
        manner.note(said)
    if manner.as_json:
        options.print_json(results)
    if failed:
        raise failed
    if any(side.refused for side in sides):
        sys.exit(1)


def _what_became(needed: list[Side], failed: Side) -> Iterable[str]:
    """Of the others: a run over several servers ends with some done and some not."""
    place = needed.index(failed)
    for side in needed[:place]:
        yield f"{side.name} is done, and stays so"
    for side in needed[place + 1 :]:
        yield f"{side.name} was not begun"


def _show(sides: Iterable[Side], manner: Manner) -> None:
    for side in sides:
        for line in side.show():
            manner.say(line)
        manner.note("\n".join(side.notes))


def _ask() -> None:
    if not progress.on_terminal(sys.stdin):
        raise click.UsageError("Nobody is there to ask: give --yes to do it, or --dry-run to see it.")
    click.confirm("Do it?", abort=True, err=True)
