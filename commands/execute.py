"""Execution over one or more servers: show the plans, confirm once, apply each, and report what failed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import click

from boxwatch.commands import connection, options, progress
from boxwatch.errors import BoxwatchError, PublishError

Say = Callable[[str], None]
# (done, total).
Watch = Callable[[int, int], None]
OUTPUT_OPTIONS: tuple[connection.Option, ...] = (options.plan, options.as_json, connection.quiet)
# As in terraform: differences have an exit code distinct from failure.
DIFFERS = 3


class Operation(Protocol):
    """A server with the plan made for it.

    Attributes:
        name: the server's name, also its key in JSON.
        doing: label of the progress line while the plan is applied.
        needed: whether the plan changes anything.
        refused: whether something needs the user's decision first.
        notes: remarks to show before applying.
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
        """The plan as lines, the total last."""

    def to_json(self) -> dict[str, object]:
        """The plan as JSON."""

    def apply(self, say: Say, watch: Watch) -> str:
        """Apply the plan.

        Returns:
            a closing remark; usually empty.

        Raises:
            PublishError: it failed wholly or partly; says why, and what is in place now.
        """


@dataclass(frozen=True, slots=True)
class Output:
    """How a command prints its results, and whether it applies them.

    Attributes:
        as_json: print one JSON document on standard output instead of lines.
        quiet: print errors only.
        dry_run: show the plans without applying them.
        yes: apply without confirmation.
    """

    as_json: bool = False
    quiet: bool = False
    dry_run: bool = False
    yes: bool = False

    def say(self, line: str) -> None:
        """Print a line, unless output is JSON or quiet."""
        if not (self.as_json or self.quiet):
            click.echo(line)

    def note(self, text: str) -> None:
        """Print notes on standard error."""
        for line in text.splitlines() if not self.quiet else ():
            click.echo(f"note: {line}", err=True)


def compare(operations: Iterable[Operation], output: Output) -> None:
    """Show what every plan would change; exit 3 on differences."""
    operations = tuple(operations)
    _show(operations, output)
    if output.as_json:
        options.print_json({operation.name: operation.to_json() for operation in operations})
    if any(operation.needed or operation.refused for operation in operations):
        sys.exit(DIFFERS)


def carry_out(operations: Iterable[Operation], output: Output) -> None:
    """Show the plans, confirm once and apply them in order; stop at the first failure.

    Raises:
        PublishError: a plan failed; lists the state of the other servers.
    """
    operations = tuple(operations)
    _show(operations, output)
    needed = [operation for operation in operations if operation.needed]
    if needed and not output.dry_run and not output.yes:
        _ask()
    results: dict[str, dict[str, object]] = {
        operation.name: {**operation.to_json(), "done": False, "said": ""} for operation in operations
    }
    failed: BoxwatchError | None = None
    for operation in needed if not output.dry_run else ():
        try:
            with progress.shown(operation.doing, hidden=output.as_json or output.quiet) as watch:
                said = operation.apply(output.say, watch)
        except BoxwatchError as error:
            results[operation.name]["error"] = str(error)
            failed = PublishError("\n".join([str(error), *_state_of_others(needed, operation)]))
            break
        results[operation.name] |= {"done": True, "said": said}
        output.note(said)
    if output.as_json:
        options.print_json(results)
    if failed:
        raise failed
    if any(operation.refused for operation in operations):
        sys.exit(1)


def _state_of_others(needed: list[Operation], failed: Operation) -> Iterable[str]:
    """The state of the other servers after a failure."""
    place = needed.index(failed)
    for operation in needed[:place]:
        yield f"{operation.name} is done and stays as published"
    for operation in needed[place + 1 :]:
        yield f"{operation.name} was not started"


def _show(operations: Iterable[Operation], output: Output) -> None:
    for operation in operations:
        for line in operation.show():
            output.say(line)
        output.note("\n".join(operation.notes))


def _ask() -> None:
    if not progress.on_terminal(sys.stdin):
        raise click.UsageError("not a terminal: pass --yes to apply, or --dry-run to preview")
    click.confirm("Apply?", abort=True, err=True)
