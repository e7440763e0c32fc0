"""The part of the stand-in for Grafana below `/apis`.

Verified against Grafana 12.4, answer by answer: discovery and the namespace in the front end's settings; 201, 409
`AlreadyExists` and 409 `Conflict`; the precondition of a deletion; 500 for a PUT with a resourceVersion over what is
gone; 404 of a folder that is not there; 412 for a folder that is; 400 for one that is not empty; a PUT without a folder
that moves to the root, one without a resourceVersion that overwrites, one over a provisioned dashboard that takes its
marks away; defaults that are filled in on writing, and on reading what was stored through the legacy API, with
`storedVersion`; history newest first; `limit` and `continue`.

Not verified: the same for Grafana 12.0 to 12.3 and 13, and of the version `v1` that 13 serves.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the stand-in is made of this part
    from support.grafana import Board, Grafana


Body = Any
Reply = tuple[int, Body]
RAW = "v0alpha1"
_ALERTS = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}
_DEFAULTS: Body = {
    "annotations": {"list": [_ALERTS]},
    "editable": True,
    "fiscalYearStartMonth": 0,
    "graphTooltip": 0,
    "links": [],
    "panels": [],
    "schemaVersion": 42,
    "tags": [],
    "templating": {"list": []},
    "time": {"from": "now-6h", "to": "now"},
    "timepicker": {},
    "timezone": "",
    "weekStart": "",
}


def discovery(state: Grafana) -> Reply:
    """Answer to `/apis`; 404 if the version has none."""
    if not state.apis:
        return 404, {"message": "Not found"}
    versions = [{"groupVersion": f"x/{version}", "version": version} for version in state.apis]
    groups = [{"name": f"{name}.grafana.app", "versions": versions} for name in ("dashboard", "folder")]
    return 200, {"kind": "APIGroupList", "groups": [{"name": "iam.grafana.app", "versions": versions[:0]}, *groups]}


def answer(  # noqa: PLR0911 - one match over what Grafana offers
    state: Grafana, method: str, parts: list[str], query: dict[str, list[str]], body: Body
) -> Reply:
    """Answer a request for `GROUP/VERSION/namespaces/NAMESPACE/KIND[/NAME[/dto]]`."""
    match parts:
        case ["folder.grafana.app", version, "namespaces", "default", "folders", *name] if version in state.apis:
            return _folders(state, method, name, body)
        case ["dashboard.grafana.app", version, "namespaces", "default", "dashboards", *name] if version in {
            *state.apis,
            RAW,
        }:
            match method, name:
                case "GET", []:
                    return _list(state, version, query)
                case "POST", []:
                    return _create(state, version, body)
                case "GET", [uid, *_] if uid in state.boards:
                    return 200, _shown(state.boards[uid], uid, version)
                case "PUT", [uid]:
                    return _replace(state, version, uid, body)
                case "DELETE", [uid] if uid in state.boards:
                    return _delete(state, uid, body)
                case _, [uid, *_]:
                    return _failed(404, f'dashboards.dashboard.grafana.app "{uid}" not found', "NotFound")
    return 404, None


def _failed(status: int, message: str, reason: str = "") -> Reply:
    return status, {"kind": "Status", "status": "Failure", "message": message, "reason": reason, "code": status}


def _filled(spec: Body) -> Body:
    made = {key: value for key, value in spec.items() if key not in ("id", "uid", "version")}
    return json.loads(json.dumps({**_DEFAULTS, **made}))


def _shown(board: Board, uid: str, version: str) -> Body:
    converted = board.stored != version
    spec = {key: value for key, value in board.json.items() if key not in ("id", "uid", "version")}
    annotations = {**board.annotations, "grafana.app/createdBy": "somebody"}
    if board.folder:
        annotations["grafana.app/folder"] = board.folder
    if board.provisioned:
        annotations |= {
            "grafana.app/managedBy": "classic-file-provisioning",
            "grafana.app/sourcePath": board.provisioned,
        }
    return {
        "metadata": {"name": uid, "resourceVersion": str(board.mark), "annotations": annotations, "labels": {}},
        "spec": spec if version == RAW else _filled(spec),
        "status": {"conversion": {"failed": False, "storedVersion": board.stored}} if converted else {},
        "access": {"canSave": board.may_save},
    }


def _list(state: Grafana, version: str, query: dict[str, list[str]]) -> Reply:
    if query.get("labelSelector") == ["grafana.app/get-history=true"]:
        uid = query["fieldSelector"][0].removeprefix("metadata.name=")
        found = [
            {
                "metadata": {"name": uid, "annotations": {"grafana.app/message": said}, "generation": number},
                "spec": _filled(kept),
            }
            for number, (said, kept) in enumerate(state.boards[uid].history, 1)
            if number in state.kept(uid)
        ][::-1]
    else:
        found = [_shown(board, uid, version) for uid, board in state.boards.items()]
    begin, limit = int(query.get("continue", ["0"])[0]), int(query["limit"][0])
    more = str(begin + limit) if begin + limit < len(found) else ""
    return 200, {"metadata": {"continue": more}, "items": found[begin : begin + limit]}


def _create(state: Grafana, version: str, body: Body) -> Reply:
    uid = body["metadata"]["name"]
    if uid in state.boards:
        return _failed(409, f'dashboards.dashboard.grafana.app "{uid}" already exists', "AlreadyExists")
    if "resourceVersion" in body["metadata"]:
        return _failed(500, "resourceVersion should not be set on objects to be created")
    return _stored(state, version, uid, body, 201)


def _replace(state: Grafana, version: str, uid: str, body: Body) -> Reply:
    if uid not in state.boards:
        return _create(state, version, body)
    board = state.boards[uid]
    if not board.may_save:
        return _failed(403, "")
    if body["metadata"].get("resourceVersion", str(board.mark)) != str(board.mark):
        return _failed(409, f'Operation cannot be fulfilled on dashboards.dashboard.grafana.app "{uid}"', "Conflict")
    return _stored(state, version, uid, body, 200)


def _stored(state: Grafana, version: str, uid: str, body: Body, status: int) -> Reply:
    annotations = dict(body["metadata"].get("annotations", {}))
    folder = annotations.pop("grafana.app/folder", "")
    if folder and folder not in state.folders:
        return _failed(404, f'folders.folder.grafana.app "{folder}" not found', "NotFound")
    spec = body["spec"] if version == RAW else _filled(body["spec"])
    state.put({**spec, "uid": uid}, folder=folder, message=annotations.pop("grafana.app/message", ""))
    board = state.boards[uid]
    board.folder, board.stored, board.annotations, board.provisioned = folder, version, annotations, ""
    return status, _shown(board, uid, version)


def _delete(state: Grafana, uid: str, body: Body) -> Reply:
    board = state.boards[uid]
    if not board.may_save or board.provisioned:
        return _failed(403, "")
    wanted = (body or {}).get("preconditions", {}).get("resourceVersion", str(board.mark))
    if wanted != str(board.mark):
        return _failed(409, "the ResourceVersion in the precondition does not match", "Conflict")
    del state.boards[uid]
    return 200, {"kind": "Status", "status": "Success"}


def _folders(state: Grafana, method: str, name: list[str], body: Body) -> Reply:
    if method == "GET" and not name:
        found = [{"metadata": {"name": uid}, "spec": {"title": title}} for uid, title in state.folders.items()]
        # One that is not in the root.
        inner = {
            "metadata": {"name": "inner", "annotations": {"grafana.app/folder": "f"}},
            "spec": {"title": "boxwatch"},
        }
        return 200, {"metadata": {}, "items": [inner, *found]}
    uid = name[0] if name else body["metadata"]["name"]
    if method == "POST":
        if uid in state.folders:
            return _failed(412, "the folder has been changed by someone else")
        state.folders[uid] = body["spec"]["title"]
        return 201, body
    if uid not in state.folders:
        return _failed(404, f'folders.folder.grafana.app "{uid}" not found', "NotFound")
    if any(board.folder == uid for board in state.boards.values()):
        return _failed(400, "Folder cannot be deleted: folder is not empty", "BadRequest")
    del state.folders[uid]
    return 200, {"kind": "Status", "status": "Success"}
