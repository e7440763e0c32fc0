"""Rollback of dashboards as an operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boxwatch.commands.execute import Say, Watch
from boxwatch.errors import PublishError

if TYPE_CHECKING:
    from boxwatch.commands.grafana import Live
    from boxwatch.publish.grafana.backup import Entry


@dataclass(frozen=True, slots=True)
class GrafanaRollback:
    """A backup to restore."""

    live: Live
    folder: Path
    entries: tuple[Entry, ...]
    overwrite: bool
    name: str = "Grafana"
    doing: str = "dashboards restored"
    refused: bool = False
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, live: Live, folder: Path | None, backups: Path, deployment: str | None, *, overwrite: bool
    ) -> GrafanaRollback:
        """The named backup, or that of the last publish.

        Raises:
            OutputError: there is none, or it is damaged.
            PublishError: it belongs to another Grafana, whose dashboards it would overwrite.
        """
        from boxwatch.publish.grafana import backup

        found = folder or backup.newest(backups, live.url, deployment)
        read = backup.read(found)
        if read.url != live.url:
            raise PublishError(f"{found} is a backup of {read.url}, not of {live.url}")
        return cls(live, found, read.entries, overwrite)

    @property
    def needed(self) -> bool:
        """Whether the backup has any dashboards."""
        return bool(self.entries)

    def show(self) -> Iterator[str]:
        """One line per dashboard, then the total."""
        for entry in self.entries:
            yield f"  {_verb(entry)} {entry.kept.title}"
        yield f"{self.folder}: {len(self.entries)} dashboards"

    def to_json(self) -> dict[str, object]:
        """The plan as JSON."""
        return {
            "backup": str(self.folder),
            "needed": self.needed,
            "changes": [
                {
                    "uid": entry.kept.uid,
                    "title": entry.kept.title,
                    "change": "delete" if entry.kept.before is None else "restore",
                }
                for entry in self.entries
            ],
        }

    def apply(self, say: Say, watch: Watch) -> str:
        """Raises PublishError naming dashboards left alone, and why; the others are restored."""
        from boxwatch.publish.grafana import rollback

        done = rollback.rollback(
            self.live.api, self.folder, overwrite_changed=self.overwrite, workers=self.live.workers, watch=watch
        )
        for title, what in done:
            say(f"  {what} {title}")
        return ""


def _verb(entry: Entry) -> str:
    return "delete" if entry.kept.before is None else "restore"
