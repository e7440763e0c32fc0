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

from boxwatch.dashboards import tree
from boxwatch.dashboards.tree import Node
from boxwatch.errors import OutputError
from boxwatch.publish.grafana import form
from boxwatch.publish.grafana.plan import Plan

_INDEX = "backup.json"
_UNDONE = "rolled-back"
_UNTOUCHED = "untouched.json"
# What Grafana takes for a uid, and what is safe as a file name.
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One dashboard before and after a publish.

    Attributes:
        uid: of the dashboard.
        title: as a person knows it.
        before: as it was, to the byte; None when there was none.
        folder: uid of the folder in which it was.
        after: checksum of what was written; empty when it was deleted.
    """

    uid: str
    title: str
    before: Node | None
    folder: str
    after: str


def write(plan: Plan, url: str, backups: Path) -> Path:
    """Keep what a plan is about to replace.

    Raises:
        OutputError: it cannot be written.
    """
    entries = [
        Entry(
            uid=change.uid,
            title=change.title,
            before=change.theirs.dashboard if change.theirs else None,
            folder=change.theirs.folder if change.theirs else plan.folder,
            after=form.published(change.ours) if change.ours else "",
        )
        for change in plan.writes
    ]
    return keep(entries, url, backups, what="publish")


def keep(entries: list[Entry], url: str, backups: Path, *, what: str = "backup") -> Path:
    """Write entries into a new folder below `backups`; its name says when (UTC), why and which Grafana.

    Raises:
        OutputError: it cannot be written.
    """
    bad = [entry.uid for entry in entries if not _UID.fullmatch(entry.uid)]
    if bad:
        raise OutputError(f"{bad[0]!r} is no uid of a dashboard: use letters, digits, - and _, 40 at most")
    host = re.sub(r"[^A-Za-z0-9.-]", "_", urlsplit(url).netloc)
    try:
        backups.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = _new_folder(backups, f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{what}-{host}")
        (folder / "dashboards").mkdir()
        for entry in entries:
            if entry.before is not None:
                (folder / "dashboards" / f"{entry.uid}.json").write_bytes(_bytes(entry.before))
        index = [
            {
                "uid": entry.uid,
                "title": entry.title,
                "existed": entry.before is not None,
                "folder": entry.folder,
                "after": entry.after,
            }
            for entry in entries
        ]
        # Last: a folder without an index is a backup that was cut off, before anything was written to Grafana.
        (folder / _INDEX).write_bytes(_bytes({"url": url, "dashboards": index}))
    except OSError as error:
        place = error.filename or backups
        raise OutputError(f"{place} could not be written: {error.strerror}; Grafana was not touched") from error
    return folder


def forget(folder: Path, uids: list[str]) -> None:
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


def read(folder: Path) -> tuple[str, list[Entry]]:
    """The address of the Grafana and the entries of a backup.

    Raises:
        OutputError: it is none, or is damaged.
    """
    try:
        index = json.loads((folder / _INDEX).read_bytes())
        refused = json.loads(left.read_bytes()) if (left := folder / _UNTOUCHED).exists() else []
        items = [item for item in tree.nodes(tree.node(index).get("dashboards")) if item.get("uid") not in refused]
        entries = [_entry(folder, item) for item in items]
    except (OSError, ValueError) as error:
        raise OutputError(f"{folder} is not a backup that boxwatch wrote, or is damaged") from error
    return tree.text(tree.node(index).get("url")), entries


def _entry(folder: Path, item: Node) -> Entry:
    uid = tree.text(item.get("uid"))
    if not _UID.fullmatch(uid):
        raise ValueError(uid)
    before = json.loads((folder / "dashboards" / f"{uid}.json").read_bytes()) if item.get("existed") else None
    return Entry(uid, tree.text(item.get("title")), before, tree.text(item.get("folder")), tree.text(item.get("after")))


def newest(backups: Path, url: str) -> Path:
    """What the last publish to a Grafana replaced that was not rolled back.

    Raises:
        OutputError: there is none.
    """
    for index in sorted(backups.glob(f"*-publish-*/{_INDEX}"), reverse=True):
        if not (index.parent / _UNDONE).exists() and read(index.parent)[0] == url:
            return index.parent
    raise OutputError(f"{backups} holds no publish to {url} that was not rolled back already")


def undone(folder: Path) -> None:
    """Remember that a backup was brought back, so that the next rollback takes the one before."""
    (folder / _UNDONE).touch()


def _new_folder(backups: Path, name: str) -> Path:
    folder = backups / name
    folder.mkdir(mode=0o700)
    return folder


def _bytes(document: object) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
