"""Applying a plan: the backup first, then each write over exactly the version that was read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boxwatch.errors import PublishError
from boxwatch.publish.grafana import backup
from boxwatch.publish.grafana.api import Api, StaleError
from boxwatch.publish.grafana.plan import Change, Plan, Watch, in_parallel, message, no_progress


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one change.

    Attributes:
        change: the planned change.
        error: why it failed; empty if it succeeded.
        untouched: whether it certainly was not written, so that a rollback has nothing to restore.
    """

    change: Change
    error: str = ""
    untouched: bool = False


def apply(  # noqa: PLR0913 - each is an option of the command
    api: Api, plan: Plan, *, url: str, backups: Path, text: str = "", workers: int = 8, watch: Watch = no_progress
) -> tuple[tuple[Outcome, ...], Path | None]:
    """Apply a plan's writes; refused dashboards stay unchanged.

    Each dashboard is written atomically. One failure does not stop the others; the next publish writes what is missing.

    Returns:
        The result of each change, and the backup; None if there was nothing to write.

    Raises:
        PublishError: the folder cannot be created; nothing was written.
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
        # Its present folder, not the planned one: a save without a folder moves a dashboard to the root.
        folder = theirs.folder if theirs else plan.folder
        api.save(change.ours, folder, message(change.ours, text), theirs)
    elif theirs is not None:
        api.delete(theirs)
