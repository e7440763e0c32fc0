"""Backups of ruler groups, written before they are replaced.

A directory below the backup directory: `ruler.json` holds every affected group, before and after. Complete before the
first write, and without secrets.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from boxwatch.errors import OutputError
from boxwatch.publish import atomic
from boxwatch.publish.ruler.ruler_group import Group

_FILE, _UNDONE = "ruler.json", "rolled-back"


@dataclass(frozen=True, slots=True)
class Location:
    """A namespace of a tenant (empty for none) in a ruler."""

    url: str
    tenant: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Step:
    """One group, before and after; None if absent."""

    name: str
    before: Group | None
    after: Group | None

    @property
    def back(self) -> Step:
        """The reverse step."""
        return Step(self.name, self.after, self.before)


def write(place: Location, steps: tuple[Step, ...], backups: Path) -> Path:
    """Back up the groups about to be replaced; the directory's name says when (UTC) and where.

    Raises:
        OutputError: the backup cannot be written.
    """
    where = re.sub(r"[^A-Za-z0-9.-]", "_", f"{urlsplit(place.url).netloc}-{place.namespace}")[:80]
    document = {
        "url": place.url,
        "tenant": place.tenant,
        "namespace": place.namespace,
        "groups": [{"name": step.name, "before": step.before, "after": step.after} for step in steps],
    }
    try:
        backups.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = backups / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-rules-{where}"
        folder.mkdir(mode=0o700)
        atomic.replace(folder / _FILE, (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        place_of = error.filename or backups
        raise OutputError(f"{place_of} could not be written: {error.strerror}; the ruler was not touched") from error
    return folder


def newest(place: Location, backups: Path) -> tuple[Path, tuple[Step, ...]]:
    """The last publish to a namespace that has not been rolled back.

    Raises:
        OutputError: there is none, or it is damaged.
    """
    for file in sorted(backups.glob(f"*-rules-*/{_FILE}"), reverse=True):
        if (file.parent / _UNDONE).exists():
            continue
        found, steps = _read(file)
        if found == place:
            return file.parent, steps
    raise OutputError(
        f"{backups} contains no publish to the namespace {place.namespace} of {place.url} left to roll back"
    )


def mark_rolled_back(folder: Path) -> None:
    """Mark a backup as restored, so that the next rollback takes the one before."""
    (folder / _UNDONE).touch()


def _read(file: Path) -> tuple[Location, tuple[Step, ...]]:
    try:
        document = json.loads(file.read_bytes())
        steps = tuple(Step(str(item["name"]), item["before"], item["after"]) for item in document["groups"])
        return Location(document["url"], document["tenant"], document["namespace"]), steps
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise OutputError(f"{file.parent} is not a boxwatch backup, or is damaged") from error
