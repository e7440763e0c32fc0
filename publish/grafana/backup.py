"""Backups of dashboards, written to files before a publish replaces them.

A backup is a directory: `backup.json` records the planned changes, `dashboards/UID.json` holds each dashboard as sent
by the server. It is complete before the first write, and never contains a token.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from boxwatch.errors import OutputError
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node
from boxwatch.publish.grafana import form
from boxwatch.publish.grafana.api import Api, SavedDashboard, Stored
from boxwatch.publish.grafana.plan import Change, Plan, in_parallel

_INDEX = "backup.json"
_UNDONE = "rolled-back"
_UNTOUCHED = "untouched.json"
# Accepted by Grafana as a uid, and safe as a file name.
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One dashboard before and after a publish.

    Attributes:
        kept: the dashboard before.
        after: checksum of the dashboard after; empty if it was deleted.
    """

    kept: SavedDashboard
    after: str


@dataclass(frozen=True, slots=True)
class Backup:
    """The content of a backup.

    Attributes:
        url: URL of the Grafana.
        deployment: the deployment its dashboards belong to; empty in backups by older versions.
        entries: the dashboards a rollback is concerned with.
        made_folder: uid of the folder created by the publish; empty for none.
    """

    url: str
    deployment: str
    entries: tuple[Entry, ...]
    made_folder: str = ""


def write(api: Api, plan: Plan, url: str, backups: Path, workers: int) -> Path:
    """Back up everything a plan will replace.

    Raises:
        OutputError: the backup cannot be written.
        PublishError: a dashboard cannot be read in the form it is stored in.
    """

    def entry(change: Change) -> Entry:
        after = form.published(change.ours) if change.ours else ""
        there = change.theirs
        if there is None:
            return Entry(SavedDashboard(change.uid, change.title, None, plan.folder), after)
        return Entry(kept(api, there, change.title), after)

    entries = in_parallel(entry, plan.writes, workers)
    made_folder = plan.folder if plan.makes_folder else ""
    return keep(entries, url, backups, deployment=plan.deployment, what="publish", made_folder=made_folder)


def kept(api: Api, there: Stored, title: str) -> SavedDashboard:
    """A dashboard byte for byte, in whatever form it is stored.

    Raises:
        PublishError: it cannot be read in that form.
    """
    stored = api.original(there)
    return SavedDashboard(there.uid, title, stored.dashboard, stored.folder, stored.stored_version, stored.metadata)


def keep(  # noqa: PLR0913 - the parts of one backup
    entries: list[Entry], url: str, backups: Path, *, deployment: str, what: str = "backup", made_folder: str = ""
) -> Path:
    """Write entries to a new directory below `backups`; its name says when (UTC), why and which Grafana.

    Raises:
        OutputError: it cannot be written.
    """
    bad = [entry.kept.uid for entry in entries if not _UID.fullmatch(entry.kept.uid)]
    if bad:
        raise OutputError(f"{bad[0]!r} is not a dashboard uid: use letters, digits, - and _, 40 at most")
    host = re.sub(r"[^A-Za-z0-9.-]", "_", urlsplit(url).netloc)
    try:
        backups.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = _new_folder(backups, f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{what}-{host}")
        (folder / "dashboards").mkdir()
        for entry in entries:
            if entry.kept.before is not None:
                (folder / "dashboards" / f"{entry.kept.uid}.json").write_bytes(_bytes(entry.kept.before))
        index = {
            "url": url,
            "deployment": deployment,
            "made_folder": made_folder,
            "dashboards": [_item(entry) for entry in entries],
        }
        # Last: a directory without an index is an incomplete backup, made before anything was written to Grafana.
        (folder / _INDEX).write_bytes(_bytes(index))
    except OSError as error:
        place = error.filename or backups
        raise OutputError(f"{place} could not be written: {error.strerror}; Grafana was not touched") from error
    return folder


def _item(entry: Entry) -> Node:
    kept = entry.kept
    return {
        "uid": kept.uid,
        "title": kept.title,
        "existed": kept.before is not None,
        "folder": kept.folder,
        "after": entry.after,
        "kept_as": kept.stored_version,
        "metadata": dict(kept.metadata),
    }


def mark_untouched(folder: Path, uids: list[str]) -> None:
    """Record the dashboards whose write was rejected: a rollback leaves them alone.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        (folder / _UNTOUCHED).write_bytes(_bytes(uids))
    except OSError as error:
        raise OutputError(
            f"{folder} could not be written: {error.strerror}; published dashboards stay published"
        ) from error


def read(folder: Path) -> Backup:
    """Read a backup.

    Raises:
        OutputError: it is not a backup, or is damaged.
    """
    try:
        index = tree.node(json.loads((folder / _INDEX).read_bytes()))
        refused = json.loads(left.read_bytes()) if (left := folder / _UNTOUCHED).exists() else []
        items = [item for item in tree.nodes(index.get("dashboards")) if item.get("uid") not in refused]
        entries = tuple(_entry(folder, item) for item in items)
    except (OSError, ValueError) as error:
        raise OutputError(f"{folder} is not a boxwatch backup, or is damaged") from error
    url, deployment, made_folder = (tree.text(index.get(key)) for key in ("url", "deployment", "made_folder"))
    return Backup(url, deployment, entries, made_folder)


def _entry(folder: Path, item: Node) -> Entry:
    uid = tree.text(item.get("uid"))
    if not _UID.fullmatch(uid):
        raise ValueError(uid)
    before = json.loads((folder / "dashboards" / f"{uid}.json").read_bytes()) if item.get("existed") else None
    metadata = {key: tree.node(value) for key, value in tree.node(item.get("metadata")).items()}
    title, place, stored_version = (tree.text(item.get(key)) for key in ("title", "folder", "kept_as"))
    return Entry(SavedDashboard(uid, title, before, place, stored_version, metadata), tree.text(item.get("after")))


def is_only(backups: Path, url: str) -> bool:
    """Whether all publishes to a Grafana left to roll back belong to one deployment.

    Raises:
        OutputError: a backup is damaged.
    """
    return len({name for _, name in _open(backups, url) if name}) < 2  # noqa: PLR2004 - one


def _open(backups: Path, url: str) -> list[tuple[Path, str]]:
    """Publishes to a Grafana left to roll back, newest first, each with its deployment."""
    folders = [index.parent for index in sorted(backups.glob(f"*-publish-*/{_INDEX}"), reverse=True)]
    kept = [(folder, read(folder)) for folder in folders if not (folder / _UNDONE).exists()]
    return [(folder, backup.deployment) for folder, backup in kept if backup.url == url]


def newest(backups: Path, url: str, deployment: str | None = None) -> Path:
    """The backup of the last publish to a Grafana left to roll back.

    Args:
        backups: backup directory.
        url: URL of the Grafana.
        deployment: whose publish; None if only one deployment has backups here.

    Raises:
        OutputError: there is none, or several deployments have some and none was named.
    """
    found = [(folder, name) for folder, name in _open(backups, url) if deployment in (None, name)]
    if not found:
        of = f" of {deployment}" if deployment else ""
        raise OutputError(f"{backups} contains no publish{of} to {url} left to roll back")
    names = sorted({name for _, name in found if name})
    if len(names) > 1:
        raise OutputError(
            f"{backups} contains publishes of {', '.join(names)} to {url}: "
            "pass --deployment to say which one to roll back"
        )
    return found[0][0]


def mark_rolled_back(folder: Path) -> None:
    """Mark a backup as restored, so that the next rollback takes the one before."""
    (folder / _UNDONE).touch()


def _new_folder(backups: Path, name: str) -> Path:
    folder = backups / name
    folder.mkdir(mode=0o700)
    return folder


def _bytes(document: object) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
