"""What a publish replaces, as files, before it is replaced.

A backup is a folder: `backup.json` says what was going to happen, `dashboards/UID.json` holds each dashboard as the
server sent it. It is complete before the first write, and never holds a token.
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
# What Grafana takes for a uid, and what is safe as a file name.
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One dashboard before and after a publish.

    Attributes:
        kept: as it was.
        after: checksum of what was written; empty when it was deleted.
    """

    kept: SavedDashboard
    after: str


@dataclass(frozen=True, slots=True)
class Backup:
    """What a folder of a backup says.

    Attributes:
        url: of the Grafana.
        deployment: whose dashboards it holds; empty in backups that older versions made.
        entries: those that a rollback has to do with.
        made_folder: uid of the folder that the publish made; empty for none.
    """

    url: str
    deployment: str
    entries: tuple[Entry, ...]
    made_folder: str = ""


def write(api: Api, plan: Plan, url: str, backups: Path, workers: int) -> Path:
    """Keep what a plan is about to replace.

    Raises:
        OutputError: it cannot be written.
        PublishError: it cannot be read in the form in which it is stored.
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
    """A dashboard to the byte, however it is stored.

    Raises:
        PublishError: it cannot be read in that form.
    """
    stored = api.original(there)
    return SavedDashboard(there.uid, title, stored.dashboard, stored.folder, stored.stored_version, stored.metadata)


def keep(  # noqa: PLR0913 - the parts of one backup
    entries: list[Entry], url: str, backups: Path, *, deployment: str, what: str = "backup", made_folder: str = ""
) -> Path:
    """Write entries into a new folder below `backups`; its name says when (UTC), why and which Grafana.

    Raises:
        OutputError: it cannot be written.
    """
    bad = [entry.kept.uid for entry in entries if not _UID.fullmatch(entry.kept.uid)]
    if bad:
        raise OutputError(f"{bad[0]!r} is no uid of a dashboard: use letters, digits, - and _, 40 at most")
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
        # Last: a folder without an index is a backup that was cut off, before anything was written to Grafana.
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
    """Remember which dashboards were refused and are as they were: a rollback leaves them alone.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        (folder / _UNTOUCHED).write_bytes(_bytes(uids))
    except OSError as error:
        raise OutputError(
            f"{folder} could not be written: {error.strerror}; what was published is published"
        ) from error


def read(folder: Path) -> Backup:
    """What a folder holds.

    Raises:
        OutputError: it is no backup, or is damaged.
    """
    try:
        index = tree.node(json.loads((folder / _INDEX).read_bytes()))
        refused = json.loads(left.read_bytes()) if (left := folder / _UNTOUCHED).exists() else []
        items = [item for item in tree.nodes(index.get("dashboards")) if item.get("uid") not in refused]
        entries = tuple(_entry(folder, item) for item in items)
    except (OSError, ValueError) as error:
        raise OutputError(f"{folder} is not a backup that boxwatch wrote, or is damaged") from error
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
    """Whether the publishes to a Grafana that can be rolled back are all of one deployment.

    Raises:
        OutputError: one is damaged.
    """
    return len({name for _, name in _open(backups, url) if name}) < 2  # noqa: PLR2004 - one


def _open(backups: Path, url: str) -> list[tuple[Path, str]]:
    """The publishes to a Grafana that were not rolled back, the newest first, each with its deployment."""
    folders = [index.parent for index in sorted(backups.glob(f"*-publish-*/{_INDEX}"), reverse=True)]
    kept = [(folder, read(folder)) for folder in folders if not (folder / _UNDONE).exists()]
    return [(folder, backup.deployment) for folder, backup in kept if backup.url == url]


def newest(backups: Path, url: str, deployment: str | None = None) -> Path:
    """What the last publish to a Grafana replaced that was not rolled back.

    Args:
        backups: where they are.
        url: of the Grafana.
        deployment: whose; None where only one deployment has backups here.

    Raises:
        OutputError: there is none, or there are those of several deployments and none is named.
    """
    found = [(folder, name) for folder, name in _open(backups, url) if deployment in (None, name)]
    if not found:
        of = f" of {deployment}" if deployment else ""
        raise OutputError(f"{backups} holds no publish{of} to {url} that was not rolled back already")
    names = sorted({name for _, name in found if name})
    if len(names) > 1:
        raise OutputError(
            f"{backups} holds publishes of {', '.join(names)} to {url}: "
            "say with --deployment whose is to be rolled back"
        )
    return found[0][0]


def mark_rolled_back(folder: Path) -> None:
    """Remember that a backup was brought back, so that the next rollback takes the one before."""
    (folder / _UNDONE).touch()


def _new_folder(backups: Path, name: str) -> Path:
    folder = backups / name
    folder.mkdir(mode=0o700)
    return folder


def _bytes(document: object) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
