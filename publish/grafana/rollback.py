"""Rollback of dashboards to a backup."""

from __future__ import annotations

from pathlib import Path

from boxwatch.errors import PublishError
from boxwatch.grafana.tree import Node
from boxwatch.publish.grafana import backup, form
from boxwatch.publish.grafana.api import Api, SavedDashboard, Stored
from boxwatch.publish.grafana.backup import Entry
from boxwatch.publish.grafana.plan import Watch, in_parallel, message, no_progress


def rollback(
    api: Api, folder: Path, *, overwrite_changed: bool = False, workers: int = 8, watch: Watch = no_progress
) -> list[tuple[str, str]]:
    """Restore every dashboard of a backup byte for byte; delete those the publish created.

    Also works after an interrupted publish: dashboards it did not reach stay unchanged.

    Returns:
        Title and result of each: `restored`, `deleted`, `unchanged`, or why it was left alone.

    Raises:
        OutputError: the backup cannot be read.
    """
    found = backup.read(folder)

    def restore(entry: Entry) -> tuple[str, str, bool]:
        try:
            return (
                entry.kept.title,
                _restore(api, entry, found.deployment, overwrite_changed=overwrite_changed),
                True,
            )
        except PublishError as error:
            return entry.kept.title, str(error), False

    done = in_parallel(restore, found.entries, workers, watch)
    failed = [f"{title}: {what}" for title, what, fine in done if not fine]
    if failed:
        raise PublishError("\n".join(failed))
    said = [(title, what) for title, what, _ in done]
    if found.made_folder:
        gone = api.remove_folder(found.made_folder)
        said.append((f"folder {found.made_folder}", "removed" if gone else "kept, since it is not empty:"))
    backup.mark_rolled_back(folder)
    return said


def _restore(api: Api, entry: Entry, deployment: str, *, overwrite_changed: bool) -> str:
    kept = entry.kept
    now = api.read(kept.uid)
    if now is None and kept.before is None:
        return "unchanged"
    if now is not None and kept.before is not None and _is_as_before(api, now, kept, kept.before):
        return "unchanged"
    if now is not None and deployment and form.owner(now.dashboard, deployment) == "another's":
        owners = " and ".join(sorted(form.deployments(now.dashboard)))
        raise PublishError(f"belongs to the deployment {owners} by now, and stays unchanged")
    if now is not None and not overwrite_changed and not form.is_as(now.dashboard, entry.after):
        raise PublishError("was changed since that publish: inspect it, then roll back with --overwrite-changed")
    if kept.before is not None:
        api.restore(kept, now.folder if now else kept.folder, _message(kept.before, now), now)
        return "restored"
    if now is not None:
        api.delete(now)
    return "deleted"


def _message(before: Node, now: Stored | None) -> str:
    """The version message of a restore.

    A deletion also deletes the history. A dashboard restored as we had published it must therefore carry the publish
    mark, or the next comparison finds no base from which to tell manual changes.
    """
    mark = form.published(before)
    if now is None and mark and form.is_as(before, mark):
        return message(before, "rollback")
    return "[boxwatch rollback]"


def _is_as_before(api: Api, now: Stored, kept: SavedDashboard, before: Node) -> bool:
    if now.stored_version == kept.stored_version:
        return same(api.original(now).dashboard, before)
    # Backed up through the legacy API, read through /apis: only their canonical forms can be compared.
    return not kept.stored_version and form.checksum(now.dashboard) == form.checksum(before)


def same(one: Node, other: Node) -> bool:
    """Whether two dashboards are equal except for Grafana's counters."""
    first, second = ({key: side[key] for key in side if key not in ("id", "version")} for side in (one, other))
    return first == second
