"""A plan carried out: backup first, then every write over the version that was read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boxwatch.errors import PublishError
from boxwatch.publish.grafana import backup
from boxwatch.publish.grafana.api import Api, StaleError
from boxwatch.publish.grafana.plan import Change, Plan, Watch, in_parallel, message, no_progress


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change.

    Attributes:
        change: what was planned.
        error: why it was not done; empty when it was.
        untouched: whether it certainly was not done: then a rollback has nothing to bring back.
    """

    change: Change
    error: str = ""
    untouched: bool = False


def apply(  # noqa: PLR0913 - each is an option of the command
    api: Api, plan: Plan, *, url: str, backups: Path, text: str = "", workers: int = 8, watch: Watch = no_progress
) -> tuple[tuple[Outcome, ...], Path | None]:
    """Carry out what a plan would write; what was refused stays as it is.

    Each dashboard is written whole or not at all. One that fails does not hold up the others, and the next publish
    takes up what is missing.

    Returns:
        What became of each change, and the backup; None when there was nothing to write.

    Raises:
        PublishError: the folder cannot be made; nothing was written.
        OutputError: the backup cannot be written; nothing was written.
    """
    if not plan.writes:
        return (), None
    kept = backup.write(api, plan, url, backups, workers)
    if plan.makes_folder:
        api.add_folder(plan.folder, plan.folder_title)

    def carry_out(change: Change) -> Outcome:
        try:
            _write(api, plan, change, text)
        except PublishError as error:
            return Outcome(change, str(error), untouched=isinstance(error, StaleError))
        return Outcome(change)

    outcomes = tuple(in_parallel(carry_out, plan.writes, workers, watch))
    backup.mark_untouched(kept, [outcome.change.uid for outcome in outcomes if outcome.untouched])
    return outcomes, kept


def _write(api: Api, plan: Plan, change: Change, text: str) -> None:
    theirs = change.theirs
    if change.ours is not None:
        # Where it is, not where we would put it: a save without a folder moves a dashboard to the root.
        folder = theirs.folder if theirs else plan.folder
        api.save(change.ours, folder, message(change.ours, text), theirs)
    elif theirs is not None:
        api.delete(theirs)
