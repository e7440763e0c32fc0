"""The API below `/api`, which Grafana 10.4 to 13 all have: dashboards, folders, search and history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from boxwatch.dashboards import tree
from boxwatch.dashboards.tree import Node
from boxwatch.errors import PublishError
from boxwatch.publish.grafana import form
from boxwatch.publish.grafana.http import Answer, Http

PAGE = 1000
_OK, _UNAUTHORISED, _FORBIDDEN, _MISSING, _CONFLICT, _STALE = 200, 401, 403, 404, 409, 412


@dataclass(frozen=True, slots=True)
class Stored:
    """A dashboard as the server has it.

    Attributes:
        dashboard: the JSON as it was sent to us.
        folder: uid of its folder; empty in the root.
        folder_title: its name.
        provisioned: the file that it comes from; empty when it comes from the API.
        may_save: whether our token may write it.
    """

    dashboard: Node
    folder: str
    folder_title: str
    provisioned: str
    may_save: bool

    @property
    def version(self) -> int:
        """Counts every save; what optimistic locking compares."""
        return int(tree.number(self.dashboard.get("version")))


class StaleError(PublishError):
    """Somebody saved the dashboard after we had read it."""


class Legacy:
    """Questions and writes, each error a sentence that says what to do."""

    def __init__(self, http: Http, *, page: int = PAGE) -> None:
        """Over connections that are there.

        Args:
            http: sends and retries.
            page: how many results are asked for at a time, 5000 at most.
        """
        self._http = http
        self._page = page

    def read(self, uid: str) -> Stored | None:
        """A dashboard; None when there is none of that uid."""
        answer = self._http.send("GET", f"/api/dashboards/uid/{quote(uid, safe='')}")
        if answer.status == _MISSING:
            return None
        body = tree.node(_good(answer, f"dashboard {uid} cannot be read").body)
        meta = tree.node(body.get("meta"))
        return Stored(
            dashboard=tree.node(body.get("dashboard")),
            folder=tree.text(meta.get("folderUid")),
            folder_title=tree.text(meta.get("folderTitle")),
            provisioned=(tree.text(meta.get("provisionedExternalId")) or "a file") if meta.get("provisioned") else "",
            may_save=meta.get("canSave") is not False,
        )

    def ours(self) -> dict[str, str]:
        """Uid → title of every dashboard that carries our mark."""
        query: Node = {"type": "dash-db", "tag": form.OWNER}
        hits = self._pages("/api/search", query, "dashboards cannot be searched")
        return {tree.text(hit.get("uid")): tree.text(hit.get("title")) for hit in hits}

    def folders(self) -> dict[str, str]:
        """Uid → title of the folders in the root."""
        folders = self._pages("/api/folders", {}, "folders cannot be listed")
        return {tree.text(folder.get("uid")): tree.text(folder.get("title")) for folder in folders}

    def _pages(self, path: str, query: dict[str, object], failing: str) -> Iterator[Node]:
        page, full = 1, True
        while full:
            answer = self._http.send("GET", path, query={**query, "limit": self._page, "page": page})
            found = tree.nodes(_good(answer, failing).body)
            yield from found
            page, full = page + 1, len(found) >= self._page

    def add_folder(self, uid: str, title: str) -> None:
        """A folder in the root; fine when it is there already."""
        answer = self._http.send("POST", "/api/folders", body={"uid": uid, "title": title})
        if answer.status in (_CONFLICT, _STALE) and uid in self.folders():
            return
        _good(answer, f"folder {title} cannot be created")

    def save(self, dashboard: Node, folder: str, message: str, version: int) -> None:
        """Write a dashboard over the version that was read; 0 when there was none.

        A write whose answer was lost is repeated, and then finds the version that it made itself: that is success.

        Raises:
            StaleError: the server has another version now.
            PublishError: the server refuses.
        """
        uid, title = tree.text(dashboard.get("uid")), tree.text(dashboard.get("title"))
        body: Node = {
            "dashboard": {**dashboard, "id": None, "version": version},
            "folderUid": folder,
            "message": message,
            "overwrite": False,
        }
        answer = self._http.send("POST", "/api/dashboards/db", body=body)
        if answer.status == _STALE:
            there = self.read(uid)
            if answer.repeated and (
                there is not None
                and form.published(there.dashboard) == form.published(dashboard) != ""
                and (form.checksum(there.dashboard) == form.checksum(dashboard))
            ):
                return
            if answer.reason == "name-exists" and there is None:
                raise PublishError(
                    f"{title}: another dashboard in the folder has this title; rename one, or publish with --folder"
                )
            raise StaleError(f"{title} was saved by somebody else just now: run this again to see what changed")
        _good(answer, f"{title} was not written")

    def delete(self, uid: str) -> None:
        """Fine when it is gone already."""
        answer = self._http.send("DELETE", f"/api/dashboards/uid/{quote(uid, safe='')}")
        if answer.status != _MISSING:
            _good(answer, f"dashboard {uid} was not deleted")

    def history(self, uid: str, mark: str) -> Node | None:
        """The newest kept version whose message holds our mark; None when Grafana keeps it no more."""
        path = f"/api/dashboards/uid/{quote(uid, safe='')}/versions"
        body = _good(self._http.send("GET", path, query={"limit": PAGE}), f"history of {uid} cannot be read").body
        # A list until Grafana 11, an object from 12 on.
        versions = tree.nodes(body if isinstance(body, list) else tree.node(body).get("versions"))
        numbers = {int(tree.number(each.get("version"))): tree.text(each.get("message")) for each in versions}
        # The list of Grafana 12 calls every first version "Initial save"; only the version itself has our words.
        found = [number for number, said in numbers.items() if mark in said or number == 1]
        if not found:
            return None
        body = _good(self._http.send("GET", f"{path}/{max(found)}"), f"history of {uid} cannot be read").body
        return tree.node(tree.node(body).get("data")) if mark in tree.text(tree.node(body).get("message")) else None


def _good(answer: Answer, failing: str) -> Answer:
    """The answer, or an error that says what to do."""
    if answer.status == _OK:
        return answer
    said = answer.message.lower()
    if answer.status == _UNAUTHORISED:
        hint = "the token is not accepted: it may be expired, or of another Grafana"
    elif answer.status == _FORBIDDEN:
        hint = "the token may not: give its service account the role Editor, or Edit on the folder"
    elif "provisioned" in said:
        hint = "it is provisioned from a file: take it out of the provisioning first"
    elif "folder not found" in said:
        hint = "its folder is gone: run this again, which creates it"
    else:
        hint = f"Grafana says {answer.status} {answer.message}".rstrip()
    raise PublishError(f"{failing}: {hint}")
