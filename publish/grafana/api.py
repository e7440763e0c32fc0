"""The operations that publishing needs from Grafana, over either API: /api (legacy) or /apis (resources)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from boxwatch.errors import PublishError
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node
from boxwatch.publish.grafana import form
from boxwatch.publish.grafana.http import Answer

_CREATED, _UNAUTHORISED, _FORBIDDEN = 201, 401, 403
OK, BAD, MISSING, CONFLICT, STALE = 200, 400, 404, 409, 412


@dataclass(frozen=True, slots=True)
class Stored:
    """A dashboard as stored by the server.

    Attributes:
        dashboard: its JSON in the form used for comparison, with its uid.
        folder: uid of its folder; empty in the root.
        folder_title: the folder's title.
        provisioned: its source if only that may change it, such as a file; empty if it was saved through the API.
        may_save: whether our token may write it.
        version: compared by optimistic locking; changes with every save.
        stored_version: the API version it is stored in, if that is not the one it was read in.
        metadata: labels and annotations set by others (/apis only).
    """

    dashboard: Node
    folder: str
    folder_title: str
    provisioned: str
    may_save: bool
    version: str
    stored_version: str = ""
    metadata: Mapping[str, Node] = field(default_factory=dict)

    @property
    def uid(self) -> str:
        """Its identifier in URLs."""
        return tree.text(self.dashboard.get("uid"))


@dataclass(frozen=True, slots=True)
class SavedDashboard:
    """A dashboard as kept in a backup, byte for byte.

    Attributes:
        uid: of the dashboard.
        title: its title.
        before: its JSON before the publish; None if it did not exist.
        folder: uid of its folder.
        stored_version: the /apis version it was stored in; empty for the legacy API's JSON.
        metadata: its labels and annotations.
    """

    uid: str
    title: str
    before: Node | None
    folder: str
    stored_version: str = ""
    metadata: Mapping[str, Node] = field(default_factory=dict)


class StaleError(PublishError):
    """The dashboard was saved by someone else after we read it."""

    @classmethod
    def of(cls, title: str) -> StaleError:
        """The error for a dashboard of this title."""
        return cls(f"{title} was just saved by someone else: run the command again to see what changed")


class Api(Protocol):
    """Reads and writes; each raises PublishError with what to do."""

    def read(self, uid: str) -> Stored | None:
        """A dashboard; None if no dashboard has that uid."""

    def original(self, stored: Stored) -> Stored:
        """A dashboard that was read, with its JSON exactly as stored."""

    def ours(self, deployment: str) -> dict[str, str]:
        """Uid → title of every dashboard of a deployment."""

    def folders(self) -> dict[str, str]:
        """Uid → title of the folders in the root."""

    def add_folder(self, uid: str, title: str) -> None:
        """Create a folder in the root; succeeds if it exists."""

    def remove_folder(self, uid: str) -> bool:
        """Remove a folder if it is empty; returns whether it is gone."""

    def save(self, dashboard: Node, folder: str, message: str, over: Stored | None) -> None:
        """Write our dashboard over the version that was read; None if there was none.

        A write whose response was lost is retried, and then finds its own version: that counts as success.

        Raises:
            StaleError: the server has a different version by now.
        """

    def restore(self, kept: SavedDashboard, folder: str, message: str, over: Stored | None) -> None:
        """Write a backup over the version that was read.

        Raises:
            StaleError: the server has a different version by now.
        """

    def delete(self, there: Stored) -> None:
        """Delete the version that was read; succeeds if it is already gone.

        Raises:
            StaleError: it was saved since.
        """

    def history(self, uid: str, mark: str) -> Node | None:
        """The oldest stored version whose message contains our mark; None if Grafana no longer has it.

        The oldest, because a save through /apis inherits the message of the version before unless it sets its own.
        """


def is_sent(there: Stored | None, dashboard: Node) -> bool:
    """Whether the stored dashboard is the one we sent: the write succeeded, and only its response was lost."""
    return (
        there is not None
        and form.published(there.dashboard) == form.published(dashboard) != ""
        and form.checksum(there.dashboard) == form.checksum(dashboard)
    )


def checked(answer: Answer, failing: str) -> Answer:
    """The response, if it is a success.

    Raises:
        PublishError: Grafana rejects the request; says what to do.
    """
    if answer.status in (OK, _CREATED):
        return answer
    said = answer.message.lower()
    if answer.status == _UNAUTHORISED:
        hint = "authentication failed: the token may have expired, or belong to another Grafana"
    elif answer.status == _FORBIDDEN:
        hint = "permission denied: give the token's service account the role Editor, or Edit on the folder"
    elif "provisioned" in said:
        hint = "it is provisioned from a file: remove it from the provisioning first"
    elif "folder not found" in said or ("folders.folder" in said and "not found" in said):
        hint = "its folder is gone: run the command again, which creates it"
    else:
        hint = f"Grafana responded {answer.status} {answer.message}".rstrip()
    raise PublishError(f"{failing}: {hint}")
