"""What publishing asks of a Grafana, whichever of its two APIs answers: /api (legacy) or /apis (resources)."""

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
    """A dashboard as the server has it.

    Attributes:
        dashboard: the JSON in the form in which we compare, with its uid.
        folder: uid of its folder; empty in the root.
        folder_title: its name.
        provisioned: what it comes from and is only changed by, such as a file; empty when it comes from the API.
        may_save: whether our token may write it.
        version: what optimistic locking compares; another one after every save.
        stored_version: version of the API in whose form it is stored, where that is not the one that was read.
        metadata: labels and annotations that somebody gave it (/apis only).
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
        """Its name in addresses."""
        return tree.text(self.dashboard.get("uid"))


@dataclass(frozen=True, slots=True)
class SavedDashboard:
    """A dashboard as a backup keeps it: to the byte.

    Attributes:
        uid: of the dashboard.
        title: as a person knows it.
        before: as it was stored; None when there was none.
        folder: uid of the folder in which it was.
        stored_version: version of the /apis in whose form it was stored; empty for the JSON that the legacy API takes.
        metadata: its labels and annotations.
    """

    uid: str
    title: str
    before: Node | None
    folder: str
    stored_version: str = ""
    metadata: Mapping[str, Node] = field(default_factory=dict)


class StaleError(PublishError):
    """Somebody saved the dashboard after we had read it."""

    @classmethod
    def of(cls, title: str) -> StaleError:
        """In words."""
        return cls(f"{title} was saved by somebody else just now: run this again to see what changed")


class Api(Protocol):
    """Questions and writes; each raises PublishError, a sentence that says what to do."""

    def read(self, uid: str) -> Stored | None:
        """A dashboard; None when there is none of that uid."""

    def original(self, stored: Stored) -> Stored:
        """A dashboard that was read with its JSON as it is stored, to the byte."""

    def ours(self, deployment: str) -> dict[str, str]:
        """Uid → title of every dashboard that belongs to a deployment."""

    def folders(self) -> dict[str, str]:
        """Uid → title of the folders in the root."""

    def add_folder(self, uid: str, title: str) -> None:
        """A folder in the root; fine when it is there already."""

    def remove_folder(self, uid: str) -> bool:
        """Remove a folder if it is empty; whether it is gone."""

    def save(self, dashboard: Node, folder: str, message: str, over: Stored | None) -> None:
        """Write our dashboard over what was read; None when there was none.

        A write whose answer was lost is repeated, and then finds the version that it made itself: that is success.

        Raises:
            StaleError: the server has something else there now.
        """

    def restore(self, kept: SavedDashboard, folder: str, message: str, over: Stored | None) -> None:
        """Write what a backup kept over what was read.

        Raises:
            StaleError: the server has something else there now.
        """

    def delete(self, there: Stored) -> None:
        """Delete what was read; fine when it is gone already.

        Raises:
            StaleError: it was saved since.
        """

    def history(self, uid: str, mark: str) -> Node | None:
        """The oldest kept version whose message holds our mark; None when Grafana keeps it no more.

        The oldest: what is saved through /apis keeps the message of the version before, unless told otherwise.
        """


def is_sent(there: Stored | None, dashboard: Node) -> bool:
    """Whether what is there is what we sent: the answer to a write was lost, and the write was not."""
    return (
        there is not None
        and form.published(there.dashboard) == form.published(dashboard) != ""
        and form.checksum(there.dashboard) == form.checksum(dashboard)
    )


def checked(answer: Answer, failing: str) -> Answer:
    """The answer, or an error that says what to do.

    Raises:
        PublishError: Grafana refuses.
    """
    if answer.status in (OK, _CREATED):
        return answer
    said = answer.message.lower()
    if answer.status == _UNAUTHORISED:
        hint = "the token is not accepted: it may be expired, or of another Grafana"
    elif answer.status == _FORBIDDEN:
        hint = "the token may not: give its service account the role Editor, or Edit on the folder"
    elif "provisioned" in said:
        hint = "it is provisioned from a file: take it out of the provisioning first"
    elif "folder not found" in said or ("folders.folder" in said and "not found" in said):
        hint = "its folder is gone: run this again, which creates it"
    else:
        hint = f"Grafana says {answer.status} {answer.message}".rstrip()
    raise PublishError(f"{failing}: {hint}")
