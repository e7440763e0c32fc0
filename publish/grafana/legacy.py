"""Grafana's legacy API below `/api`, present from 10.4 to 13: dashboards, folders, search and history."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from boxwatch.errors import PublishError
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node
from boxwatch.publish.grafana import form
from boxwatch.publish.grafana.api import (
    CONFLICT,
    MISSING,
    STALE,
    SavedDashboard,
    StaleError,
    Stored,
    checked,
    is_sent,
)
from boxwatch.publish.grafana.http import Http

PAGE = 1000


class Legacy:
    """`Api` over the legacy API."""

    def __init__(self, http: Http, *, page: int = PAGE) -> None:
        """Create the API; nothing is sent yet.

        Args:
            http: sends requests, with retries.
            page: results per page, at most 5000.
        """
        self._http = http
        self._page = page

    def read(self, uid: str) -> Stored | None:
        """As in Api."""
        answer = self._http.send("GET", f"/api/dashboards/uid/{quote(uid, safe='')}")
        if answer.status == MISSING:
            return None
        body = tree.node(checked(answer, f"dashboard {uid} cannot be read").body)
        meta = tree.node(body.get("meta"))
        return Stored(
            dashboard=tree.node(body.get("dashboard")),
            folder=tree.text(meta.get("folderUid")),
            folder_title=tree.text(meta.get("folderTitle")),
            provisioned=f"the file {tree.text(meta.get('provisionedExternalId'))}" if meta.get("provisioned") else "",
            may_save=meta.get("canSave") is not False,
            version=str(int(tree.number(tree.node(body.get("dashboard")).get("version")))),
        )

    def original(self, stored: Stored) -> Stored:
        """As in Api; the legacy API reads dashboards as stored."""
        return stored

    def ours(self, deployment: str) -> dict[str, str]:
        """As in Api; a search hit has the dashboard's uid and tags."""
        query: Node = {"type": "dash-db", "tag": form.OWNER}
        hits = self._pages("/api/search", query, "dashboards cannot be searched")
        return {
            tree.text(hit.get("uid")): tree.text(hit.get("title"))
            for hit in hits
            if form.owner(hit, deployment) == "ours"
        }

    def folders(self) -> dict[str, str]:
        """As in Api."""
        folders = self._pages("/api/folders", {}, "folders cannot be listed")
        return {tree.text(folder.get("uid")): tree.text(folder.get("title")) for folder in folders}

    def _pages(self, path: str, query: dict[str, object], failing: str) -> Iterator[Node]:
        page, full = 1, True
        while full:
            answer = self._http.send("GET", path, query={**query, "limit": self._page, "page": page})
            found = tree.nodes(checked(answer, failing).body)
            yield from found
            page, full = page + 1, len(found) >= self._page

    def add_folder(self, uid: str, title: str) -> None:
        """As in Api."""
        answer = self._http.send("POST", "/api/folders", body={"uid": uid, "title": title})
        if answer.status in (CONFLICT, STALE) and uid in self.folders():
            return
        checked(answer, f"folder {title} cannot be created")

    def remove_folder(self, uid: str) -> bool:
        """As in Api; checks first, since deleting a folder deletes its content too."""
        # For a missing folder, Grafana 12 responds that access is denied.
        if uid not in self.folders():
            return True
        path = f"/api/folders/{quote(uid, safe='')}"
        answer = self._http.send("GET", f"{path}/counts")
        if any(tree.node(checked(answer, f"folder {uid} cannot be inspected").body).values()):
            return False
        answer = self._http.send("DELETE", path)
        if answer.status != MISSING:
            checked(answer, f"folder {uid} was not removed")
        return True

    def save(self, dashboard: Node, folder: str, message: str, over: Stored | None) -> None:
        """As in Api."""
        uid, title = tree.text(dashboard.get("uid")), tree.text(dashboard.get("title"))
        body: Node = {
            "dashboard": {**dashboard, "id": None, "version": int(over.version) if over else 0},
            "folderUid": folder,
            "message": message,
            "overwrite": False,
        }
        answer = self._http.send("POST", "/api/dashboards/db", body=body)
        if answer.status == STALE:
            there = self.read(uid)
            if answer.repeated and is_sent(there, dashboard):
                return
            if answer.reason == "name-exists" and there is None:
                raise PublishError(
                    f"{title}: another dashboard in the folder has this title: rename one, or pass --folder"
                )
            raise StaleError.of(title)
        checked(answer, f"{title} was not written")

    def restore(self, kept: SavedDashboard, folder: str, message: str, over: Stored | None) -> None:
        """As in Api."""
        if kept.stored_version or kept.before is None:
            raise PublishError(
                f"{kept.title} was backed up as {kept.stored_version} of /apis: restore it with --grafana-api apis"
            )
        self.save(kept.before, folder, message, over)

    def delete(self, there: Stored) -> None:
        """As in Api; a deletion carries no version, so the dashboard is read once more."""
        now = self.read(there.uid)
        if now is None:
            return
        if now.version != there.version:
            raise StaleError(f"{now.dashboard.get('title')} was just saved by someone else; it was not deleted")
        answer = self._http.send("DELETE", f"/api/dashboards/uid/{quote(there.uid, safe='')}")
        if answer.status != MISSING:
            checked(answer, f"dashboard {there.uid} was not deleted")

    def history(self, uid: str, mark: str) -> Node | None:
        """As in Api."""
        path = f"/api/dashboards/uid/{quote(uid, safe='')}/versions"
        body = checked(self._http.send("GET", path, query={"limit": PAGE}), f"history of {uid} cannot be read").body
        # A list until Grafana 11, an object from 12 on.
        versions = tree.nodes(body if isinstance(body, list) else tree.node(body).get("versions"))
        numbers = {int(tree.number(each.get("version"))): tree.text(each.get("message")) for each in versions}
        # Grafana 12 lists every first version as "Initial save"; only the version itself has our message.
        for number in sorted(number for number, said in numbers.items() if mark in said or number == 1):
            body = checked(self._http.send("GET", f"{path}/{number}"), f"history of {uid} cannot be read").body
            if mark in tree.text(tree.node(body).get("message")):
                return tree.node(tree.node(body).get("data"))
        return None
