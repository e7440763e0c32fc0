"""Grafana's resource API below `/apis`, from Grafana 12 on: dashboards and folders as resources with metadata.

Its use is shaped by observations on Grafana 12.4:
- a PUT without the annotation `grafana.app/folder` moves a dashboard to the root; one without a resourceVersion
  overwrites a concurrent save, or recreates a deleted dashboard;
- a PUT over a dashboard provisioned from a file succeeds and removes the provisioning's marks, until the file is
  loaded again: clients must respect the annotation `grafana.app/managedBy`;
- a dashboard stored in another API version is converted when it is read;
- a save without a message inherits the message of the version before, and our mark with it;
- a folder that is not empty is not deleted (400); the legacy API deletes it with its content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote

from boxwatch.errors import PublishError
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node
from boxwatch.publish.grafana import form
from boxwatch.publish.grafana.api import (
    BAD,
    CONFLICT,
    MISSING,
    STALE,
    SavedDashboard,
    StaleError,
    Stored,
    checked,
    is_sent,
)
from boxwatch.publish.grafana.http import Answer, Http

PAGE = 500
_BROKEN = 500
_FOLDER, _MESSAGE = "grafana.app/folder", "grafana.app/message"
_MANAGER, _MANAGER_ID = "grafana.app/managedBy", "grafana.app/managerId"
# Of Grafana's five kinds of managers, the one for programs that apply files; manual edits stay allowed, since we detect
# and show them. These annotations show the owner in Grafana's UI; ownership is decided by our tags.
_OURS = {_MANAGER: "kubectl", _MANAGER_ID: "boxwatch", "grafana.app/managerAllowsEdits": "true"}
_CHECKSUM = "grafana.app/sourceChecksum"
# Kinds of managers that overwrite changes, with the name of the source.
_OTHERS = {"classic-file-provisioning": "the file", "repo": "the repository", "plugin": "the plugin"}
# Set by the server, or with each save.
_COUNTED = ("grafana.app/createdBy", "grafana.app/updatedBy", "grafana.app/updatedTimestamp", _FOLDER, _MESSAGE)


class Resources:
    """`Api` over the resource API."""

    def __init__(
        self, http: Http, *, namespace: str = "default", dashboards: str = "v1", folders: str = "v1", page: int = PAGE
    ) -> None:
        """Create the API; nothing is sent yet.

        Args:
            http: sends requests, with retries.
            namespace: the organisation's: `default`, `org-N` or `stacks-N`.
            dashboards: version of the dashboard API.
            folders: version of the folder API.
            page: results per page.
        """
        self._http = http
        self._version = dashboards
        self._namespace = quote(namespace, safe="")
        self._folder_api = f"folder.grafana.app/{folders}"
        self._folders = f"/apis/{self._folder_api}/namespaces/{self._namespace}/folders"
        self._page = page
        self._titles: dict[str, str] = {}

    def read(self, uid: str) -> Stored | None:
        """As in Api; includes the token's permissions, in one request."""
        answer = self._http.send("GET", f"{self._path(uid)}/dto")
        if answer.status == MISSING and _reason(answer) == "NotFound":
            return None
        body = tree.node(checked(answer, f"dashboard {uid} cannot be read").body)
        metadata = tree.node(body.get("metadata"))
        annotations = _annotations(body)
        converted = tree.node(tree.node(body.get("status")).get("conversion"))
        if converted.get("failed"):
            raise PublishError(f"dashboard {uid} cannot be read: Grafana cannot convert it: {converted.get('error')}")
        folder = tree.text(annotations.get(_FOLDER))
        stored_version = tree.text(converted.get("storedVersion"))
        return Stored(
            dashboard={**tree.node(body.get("spec")), "uid": uid},
            folder=folder,
            folder_title=self._titles.get(folder, folder),
            provisioned=_others(annotations),
            may_save=tree.node(body.get("access")).get("canSave") is not False,
            version=tree.text(metadata.get("resourceVersion")),
            stored_version="" if stored_version == self._version else stored_version,
            metadata={
                "annotations": {key: value for key, value in annotations.items() if key not in _COUNTED},
                "labels": _without(tree.node(metadata.get("labels")), "grafana.app/"),
            },
        )

    def original(self, stored: Stored) -> Stored:
        """As in Api; reads the version it is stored in."""
        if not stored.stored_version:
            return stored
        answer = self._http.send("GET", self._path(stored.uid, stored.stored_version))
        if answer.status == MISSING and _reason(answer) == "NotFound":
            # Deleted meanwhile: what was read is the best available.
            return replace(stored, stored_version="")
        body = tree.node(checked(answer, f"dashboard {stored.uid} cannot be read").body)
        return replace(stored, dashboard=tree.node(body.get("spec")))

    def ours(self, deployment: str) -> dict[str, str]:
        """As in Api; from the list itself, since the search index may be stale."""
        found = ((_name(each), tree.node(each.get("spec"))) for each in self._list(self._path(), {}, "dashboards"))
        return {
            name: tree.text(spec.get("title"))
            for name, spec in found
            if form.owner({**spec, "uid": name}, deployment) == "ours"
        }

    def folders(self) -> dict[str, str]:
        """As in Api."""
        found = list(self._list(self._folders, {}, "folders"))
        self._titles = {_name(each): tree.text(tree.node(each.get("spec")).get("title")) for each in found}
        return {_name(each): self._titles[_name(each)] for each in found if _FOLDER not in _annotations(each)}

    def add_folder(self, uid: str, title: str) -> None:
        """As in Api."""
        body: Node = {
            "apiVersion": self._folder_api,
            "kind": "Folder",
            "metadata": {"name": uid, "annotations": dict(_OURS)},
            "spec": {"title": title},
        }
        answer = self._http.send("POST", self._folders, body=body)
        # Grafana 12.4 responds 412 here, and 409 for all other resources.
        if answer.status in (CONFLICT, STALE) and uid in self.folders():
            return
        checked(answer, f"folder {title} cannot be created")

    def remove_folder(self, uid: str) -> bool:
        """As in Api; the server checks whether it is empty."""
        answer = self._http.send("DELETE", f"{self._folders}/{quote(uid, safe='')}")
        if answer.status == BAD and "not empty" in answer.message:
            return False
        if answer.status != MISSING:
            checked(answer, f"folder {uid} was not removed")
        return True

    def save(self, dashboard: Node, folder: str, message: str, over: Stored | None) -> None:
        """As in Api."""
        before = over.metadata if over else {}
        theirs = _without(before.get("annotations", {}), "grafana.app/manage", "grafana.app/source")
        annotations = {**theirs, **_OURS, _CHECKSUM: form.published(dashboard)}
        spec = {key: value for key, value in dashboard.items() if key not in ("id", "uid", "version")}
        metadata: Node = {"annotations": {**annotations, _MESSAGE: message}, "labels": before.get("labels", {})}
        uid, title = tree.text(dashboard.get("uid")), tree.text(dashboard.get("title"))
        self._write(uid, title, spec, _placed(metadata, folder), over, self._version)

    def restore(self, kept: SavedDashboard, folder: str, message: str, over: Stored | None) -> None:
        """As in Api; restores the marks it had, even another deployment's."""
        before = dict(kept.before or {})
        version = kept.stored_version or self._version
        # From the legacy API, or as read: id and version are Grafana's counters, and the uid is the resource's name.
        if not kept.stored_version:
            for key in ("id", "uid", "version"):
                before.pop(key, None)
        annotations = {**kept.metadata.get("annotations", {}), _MESSAGE: message}
        metadata: Node = {"annotations": annotations, "labels": kept.metadata.get("labels", {})}
        self._write(kept.uid, kept.title, before, _placed(metadata, folder), over, version)

    def _write(  # noqa: PLR0913, PLR0917 - the parts of one resource
        self, uid: str, title: str, spec: Node, metadata: Node, over: Stored | None, version: str
    ) -> None:
        body: Node = {
            "apiVersion": f"dashboard.grafana.app/{version}",
            "kind": "Dashboard",
            "metadata": {"name": uid, **metadata},
            "spec": spec,
        }
        if over is None:
            answer = self._http.send("POST", self._path(version=version), body=body)
        else:
            body["metadata"] = {"name": uid, **metadata, "resourceVersion": over.version}
            answer = self._http.send("PUT", self._path(uid, version), body=body)
        if self._is_stale(answer):
            if answer.repeated and is_sent(self.read(uid), {**spec, "uid": uid}):
                return
            raise StaleError.of(title)
        checked(answer, f"{title} was not written")

    @staticmethod
    def _is_stale(answer: Answer) -> bool:
        if answer.status in (CONFLICT, STALE):
            return True
        # Over a deleted dashboard, Grafana 12.4 takes it for a creation and responds 500.
        gone = answer.status == MISSING and "dashboards.dashboard" in answer.message
        return gone or (answer.status == _BROKEN and "resourceVersion should not be set" in answer.message)

    def delete(self, there: Stored) -> None:
        """As in Api; the server compares versions."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"resourceVersion": there.version}}
        answer = self._http.send("DELETE", self._path(there.uid), body=options)
        if answer.status == CONFLICT:
            title = there.dashboard.get("title")
            raise StaleError(f"{title} was just saved by someone else; it was not deleted")
        if answer.status != MISSING:
            checked(answer, f"dashboard {there.uid} was not deleted")

    def history(self, uid: str, mark: str) -> Node | None:
        """As in Api."""
        query = {"labelSelector": "grafana.app/get-history=true", "fieldSelector": f"metadata.name={uid}"}
        # Newest first.
        found = list(self._list(self._path(), query, f"history of {uid}"))
        ours = (each for each in reversed(found) if mark in tree.text(_annotations(each).get(_MESSAGE)))
        return next(({**tree.node(each.get("spec")), "uid": uid} for each in ours), None)

    def _list(self, path: str, query: Mapping[str, object], what: str) -> Iterator[Node]:
        more = ""
        while True:
            page = {**query, "limit": self._page, **({"continue": more} if more else {})}
            body = tree.node(checked(self._http.send("GET", path, query=page), f"{what} cannot be listed").body)
            yield from tree.nodes(body.get("items"))
            more = tree.text(tree.node(body.get("metadata")).get("continue"))
            if not more:
                return

    def _path(self, uid: str = "", version: str = "") -> str:
        root = f"/apis/dashboard.grafana.app/{version or self._version}/namespaces/{self._namespace}/dashboards"
        return f"{root}/{quote(uid, safe='')}" if uid else root


def _placed(metadata: Node, folder: str) -> Node:
    """Metadata with the folder's annotation; none for the root."""
    if not folder:
        return metadata
    return {**metadata, "annotations": {**tree.node(metadata.get("annotations")), _FOLDER: folder}}


def _without(found: Mapping[str, object], *prefixes: str) -> Node:
    return {key: value for key, value in found.items() if not key.startswith(prefixes)}


def _name(resource: Node) -> str:
    return tree.text(tree.node(resource.get("metadata")).get("name"))


def _annotations(resource: Node) -> Node:
    return tree.node(tree.node(resource.get("metadata")).get("annotations"))


def _reason(answer: Answer) -> str:
    return tree.text(tree.node(answer.body).get("reason"))


def _others(annotations: Mapping[str, object]) -> str:
    """The source of a dashboard if that source overwrites changes; empty for none."""
    kind = tree.text(annotations.get(_MANAGER))
    if kind not in _OTHERS:
        return ""
    source = tree.text(annotations.get("grafana.app/sourcePath")) or tree.text(annotations.get(_MANAGER_ID))
    return f"{_OTHERS[kind]} {source}".strip()
