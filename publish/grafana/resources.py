"""The API below `/apis`, which Grafana 12 and later have: dashboards and folders as resources with metadata.

What shaped it was tried against Grafana 12.4:
- a PUT without the annotation `grafana.app/folder` moves a dashboard to the root, and one without a resourceVersion
  overwrites whoever was faster, or creates what somebody deleted;
- a PUT over a dashboard that is provisioned from a file succeeds, and takes the provisioning's marks away, until the
  file wins again: the annotation `grafana.app/managedBy` has to be respected by who writes;
- a dashboard that was stored in another version of the API is converted when it is read;
- a save that does not say otherwise keeps the message of the version before, and with it our mark;
- a folder that is not empty is not deleted (400), which the legacy API does with all that is in it.
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
# Of the five kinds that Grafana knows, the one for a program that applies files; edits by people stay allowed, since
# they are found and shown. These say in Grafana's pages whose a dashboard is; what decides is our tags.
_OURS = {_MANAGER: "kubectl", _MANAGER_ID: "boxwatch", "grafana.app/managerAllowsEdits": "true"}
_CHECKSUM = "grafana.app/sourceChecksum"
# Kinds of managers that write back what they have, with how to name them.
_OTHERS = {"classic-file-provisioning": "the file", "repo": "the repository", "plugin": "the plugin"}
# What the server writes itself, or what is said anew with each save.
_COUNTED = ("grafana.app/createdBy", "grafana.app/updatedBy", "grafana.app/updatedTimestamp", _FOLDER, _MESSAGE)


class Resources:
    """Questions and writes, each error a sentence that says what to do."""

    def __init__(
        self, http: Http, *, namespace: str = "default", dashboards: str = "v1", folders: str = "v1", page: int = PAGE
    ) -> None:
        """Over connections that are there.

        Args:
            http: sends and retries.
            namespace: of the organisation: `default`, `org-N` or `stacks-N`.
            dashboards: version of the API of dashboards.
            folders: version of the API of folders.
            page: how many results are asked for at a time.
        """
        self._http = http
        self._version = dashboards
        self._namespace = quote(namespace, safe="")
        self._folder_api = f"folder.grafana.app/{folders}"
        self._folders = f"/apis/{self._folder_api}/namespaces/{self._namespace}/folders"
        self._page = page
        self._titles: dict[str, str] = {}

    def read(self, uid: str) -> Stored | None:
        """As Api says; with what our token may, in one request."""
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
        """As Api says; asked for in the version in which it is stored."""
        if not stored.stored_version:
            return stored
        answer = self._http.send("GET", self._path(stored.uid, stored.stored_version))
        if answer.status == MISSING and _reason(answer) == "NotFound":
            # Somebody deleted it since: what was read of it is the best there is.
            return replace(stored, stored_version="")
        body = tree.node(checked(answer, f"dashboard {stored.uid} cannot be read").body)
        return replace(stored, dashboard=tree.node(body.get("spec")))

    def ours(self, deployment: str) -> dict[str, str]:
        """As Api says; from the list itself, since the search's index lags behind."""
        found = ((_name(each), tree.node(each.get("spec"))) for each in self._list(self._path(), {}, "dashboards"))
        return {
            name: tree.text(spec.get("title"))
            for name, spec in found
            if form.owner({**spec, "uid": name}, deployment) == "ours"
        }

    def folders(self) -> dict[str, str]:
        """As Api says."""
        found = list(self._list(self._folders, {}, "folders"))
        self._titles = {_name(each): tree.text(tree.node(each.get("spec")).get("title")) for each in found}
        return {_name(each): self._titles[_name(each)] for each in found if _FOLDER not in _annotations(each)}

    def add_folder(self, uid: str, title: str) -> None:
        """As Api says."""
        body: Node = {
            "apiVersion": self._folder_api,
            "kind": "Folder",
            "metadata": {"name": uid, "annotations": dict(_OURS)},
            "spec": {"title": title},
        }
        answer = self._http.send("POST", self._folders, body=body)
        # 412 in 12.4, where every other resource answers 409.
        if answer.status in (CONFLICT, STALE) and uid in self.folders():
            return
        checked(answer, f"folder {title} cannot be created")

    def remove_folder(self, uid: str) -> bool:
        """As Api says; the server looks whether it is empty."""
        answer = self._http.send("DELETE", f"{self._folders}/{quote(uid, safe='')}")
        if answer.status == BAD and "not empty" in answer.message:
            return False
        if answer.status != MISSING:
            checked(answer, f"folder {uid} was not removed")
        return True

    def save(self, dashboard: Node, folder: str, message: str, over: Stored | None) -> None:
        """As Api says."""
        before = over.metadata if over else {}
        theirs = _without(before.get("annotations", {}), "grafana.app/manage", "grafana.app/source")
        annotations = {**theirs, **_OURS, _CHECKSUM: form.published(dashboard)}
        spec = {key: value for key, value in dashboard.items() if key not in ("id", "uid", "version")}
        metadata: Node = {"annotations": {**annotations, _MESSAGE: message}, "labels": before.get("labels", {})}
        uid, title = tree.text(dashboard.get("uid")), tree.text(dashboard.get("title"))
        self._write(uid, title, spec, _placed(metadata, folder), over, self._version)

    def restore(self, kept: SavedDashboard, folder: str, message: str, over: Stored | None) -> None:
        """As Api says; with the marks that it had, whosever they were."""
        before = dict(kept.before or {})
        version = kept.stored_version or self._version
        # A backup of the legacy API, or of what we read: Grafana counts id and version, and the name is the uid.
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
        # Over what somebody deleted: 12.4 takes it for a creation, and answers 500.
        gone = answer.status == MISSING and "dashboards.dashboard" in answer.message
        return gone or (answer.status == _BROKEN and "resourceVersion should not be set" in answer.message)

    def delete(self, there: Stored) -> None:
        """As Api says; the server compares."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"resourceVersion": there.version}}
        answer = self._http.send("DELETE", self._path(there.uid), body=options)
        if answer.status == CONFLICT:
            title = there.dashboard.get("title")
            raise StaleError(f"{title} was saved by somebody else just now, and is not deleted")
        if answer.status != MISSING:
            checked(answer, f"dashboard {there.uid} was not deleted")

    def history(self, uid: str, mark: str) -> Node | None:
        """As Api says."""
        query = {"labelSelector": "grafana.app/get-history=true", "fieldSelector": f"metadata.name={uid}"}
        # The newest first.
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
    """With the folder; none for the root."""
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
    """What a dashboard comes from, if from something that writes back what it has; empty for nothing."""
    kind = tree.text(annotations.get(_MANAGER))
    if kind not in _OTHERS:
        return ""
    source = tree.text(annotations.get("grafana.app/sourcePath")) or tree.text(annotations.get(_MANAGER_ID))
    return f"{_OTHERS[kind]} {source}".strip()
