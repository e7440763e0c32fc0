"""Back to what was there before a publish."""

from __future__ import annotations

from pathlib import Path

from boxwatch.dashboards import tree
from boxwatch.dashboards.tree import Node
from boxwatch.errors import PublishError
from boxwatch.publish.grafana import backup, form
from boxwatch.publish.grafana.backup import Entry
from boxwatch.publish.grafana.legacy import Legacy
from boxwatch.publish.grafana.plan import Watch, together, unwatched


def rollback(
    api: Legacy, folder: Path, *, overwrite_changed: bool = False, workers: int = 8, watch: Watch = unwatched
) -> list[tuple[str, str]]:
    """Bring back every dashboard of a backup, to the byte; delete what the publish created.

    Works after a publish that was cut off, too: what was not reached is left as it is.

    Returns:
        Title and what became of each: `restored`, `deleted`, `as it was`, or why it was left alone.

    Raises:
        OutputError: the backup cannot be read.
    """
    _, entries = backup.read(folder)

    def bring_back(entry: Entry) -> tuple[str, str, bool]:
        try:
            return entry.title, _bring_back(api, entry, overwrite_changed=overwrite_changed), True
        except PublishError as error:
            return entry.title, str(error), False

    done = together(bring_back, entries, workers, watch)
    failed = [f"{title}: {what}" for title, what, fine in done if not fine]
    if failed:
        raise PublishError("\n".join(failed))
    backup.undone(folder)
    return [(title, what) for title, what, _ in done]


def _bring_back(api: Legacy, entry: Entry, *, overwrite_changed: bool) -> str:
    now = api.read(entry.uid)
    if (now is None) == (entry.before is None) and (now is None or same(now.dashboard, entry.before or {})):
        return "as it was"
    if now is not None and not overwrite_changed and form.checksum(now.dashboard) != entry.after:
        raise PublishError("was changed since that publish: look at it, then roll back with --overwrite-changed")
    if entry.before is None:
        api.delete(entry.uid)
        return "deleted"
    api.save(entry.before, now.folder if now else entry.folder, "[boxwatch rollback]", now.version if now else 0)
    return "restored"


def same(one: Node, other: Node) -> bool:
    """Whether two are equal but for what Grafana counts."""
    first, second = ({key: side[key] for key in side if key not in ("id", "version")} for side in (one, other))
    return first == second and tree.text(one.get("uid")) == tree.text(other.get("uid"))
