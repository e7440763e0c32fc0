"""A stand-in for Grafana on loopback that behaves like the real one in everything relevant to publishing.

Verified against Grafana 12.4, answer by answer: status and message of a stale version (412 `version-mismatch`), an
existing folder (412), a missing folder (400), a provisioned dashboard (400 on save and deletion), missing resources
(404), paging, increasing versions, a history that lists the first version as `Initial save`, equal titles allowed in
one folder, and tags that survive.

Not verified, from documentation and other programs: 403 for a token without permission, 429 with `Retry-After`, 502 to
504, 409 for an existing folder (Grafana 10 and 11), 412 `name-exists` for an existing title (Grafana 10).
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jsonschema

from support import grafana_apis, third_party

TOKEN = "glsa_a_secret_that_no_text_may_hold"  # noqa: S105 - opens nothing but this
Body = Any
_STALE = (412, {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"})


@dataclass
class Board:
    """One dashboard in the stand-in, with its history: version, message and JSON of each save."""

    folder: str
    history: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    provisioned: str = ""
    may_save: bool = True
    stored: str = grafana_apis.RAW
    annotations: dict[str, str] = field(default_factory=dict)
    mark: int = 0

    @property
    def version(self) -> int:
        """Current version: the number of saves."""
        return len(self.history)

    @property
    def json(self) -> dict[str, Any]:
        """The current JSON."""
        return self.history[-1][1]


@dataclass
class Grafana:
    """The stand-in's content, the requests it received, and the faults to inject.

    `apis` are the versions served below /apis; none in Grafana 10 and 11. `refused` are paths answered 403.
    `sources` are data sources with the error of each, from the documentation.
    `faults` maps the number of a request, from 1, to what happens to it: a status, `slow` (no answer for a second),
    `cut` (the connection ends before the answer), `cut after` (the same, but the work was done).
    """

    url: str = ""
    boards: dict[str, Board] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    apis: tuple[str, ...] = ()
    requests: list[str] = field(default_factory=list)
    faults: dict[int, int | str] = field(default_factory=dict)
    retry_after: str = ""
    latency: float = 0
    checks: bool = True
    before: Callable[[str], None] = lambda _: None
    lock: threading.Lock = field(default_factory=threading.Lock)
    saves: int = 1000
    refused: set[str] = field(default_factory=set)
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def writes(self) -> list[str]:
        """Requests that change state."""
        return [request for request in self.requests if not request.startswith("GET ")]

    def put(self, dashboard: dict[str, Any], *, folder: str = "", message: str = "", **more: Body) -> None:
        """Save as a person would in the editor."""
        uid = dashboard["uid"]
        board = self.boards.setdefault(uid, Board(folder, **more))
        kept = {**dashboard, "version": board.version + 1, "id": 1000 + list(self.boards).index(uid)}
        board.history.append((message, json.loads(json.dumps(kept))))
        # The legacy API takes a manager's marks away.
        board.stored, board.annotations = grafana_apis.RAW, {}
        self.saves += 1
        board.mark = self.saves

    def answer(  # noqa: C901, PLR0911, PLR0912 - one match over what Grafana offers
        self, method: str, path: str, query: dict[str, list[str]], body: Body
    ) -> tuple[int, Body]:
        """Answer one request."""
        parts = [unquote(part) for part in path.split("/")[2:]]
        if path == "/apis":
            return grafana_apis.discovery(self)
        if path.startswith("/apis/"):
            return grafana_apis.answer(self, method, parts, query, body)
        match method, parts:
            case "GET", ["frontend", "settings"]:
                return 200, {"namespace": "default", "buildInfo": {}}
            case "GET", ["health"]:
                return 200, {"database": "ok", "version": "12.4.0"}
            case "GET", ["datasources"]:
                return 200, [{"uid": name.lower(), "name": name, "type": "prometheus"} for name in self.sources]
            case "GET", ["datasources", "uid", uid, "health"]:
                error = next(error for name, error in self.sources.items() if name.lower() == uid)
                return (400, {"message": error}) if error else (200, {"status": "OK"})
            case "GET", ["folders"]:
                return 200, _page([{"id": 1, "uid": uid, "title": title} for uid, title in self.folders.items()], query)
            case "POST", ["folders"]:
                if body["uid"] in self.folders:
                    return 412, {"message": "the folder has been changed by someone else"}
                self.folders[body["uid"]] = body["title"]
                return 200, {"uid": body["uid"], "title": body["title"]}
            case "GET", ["folders", uid, "counts"]:
                inside = sum(board.folder == uid for board in self.boards.values())
                return 200, {"alertrule": 0, "dashboard": inside, "folder": 0, "librarypanel": 0}
            case "DELETE", ["folders", uid]:
                # With all that is in it.
                self.boards = {name: board for name, board in self.boards.items() if board.folder != uid}
                return 200, {"id": 1, "title": self.folders.pop(uid), "message": "Folder deleted"}
            case "GET", ["search"]:
                return 200, _page(self._found(query["tag"][0]), query)
            case "POST", ["dashboards", "db"]:
                return self._save(body)
            case _, ["dashboards", "uid", uid, *_] if uid not in self.boards:
                return 404, {"message": "Dashboard not found"}
            case "GET", ["dashboards", "uid", uid]:
                return 200, self._read(self.boards[uid])
            case "DELETE", ["dashboards", "uid", uid]:
                if self.boards[uid].provisioned:
                    return 400, {"message": "provisioned dashboard cannot be deleted"}
                title = self.boards.pop(uid).json["title"]
                return 200, {"uid": uid, "title": title, "message": f"Dashboard {title} deleted"}
            case "GET", ["dashboards", "uid", uid, "versions"]:
                return 200, {
                    "versions": [self._version(uid, n, listed=True) for n in sorted(self.kept(uid), reverse=True)]
                }
            case "GET", ["dashboards", "uid", uid, "versions", number]:
                return 200, self._version(uid, int(number), listed=False)
        return 404, {"message": "Not found"}

    def _found(self, tag: str) -> list[Body]:
        return [
            {"uid": uid, "title": board.json["title"], "type": "dash-db", "tags": board.json.get("tags", [])}
            for uid, board in self.boards.items()
            if tag in board.json.get("tags", [])
        ]

    def _read(self, board: Board) -> Body:
        return {
            "dashboard": board.json,
            "meta": {
                "folderUid": board.folder,
                "folderTitle": self.folders.get(board.folder, "General"),
                "provisioned": bool(board.provisioned),
                "provisionedExternalId": board.provisioned,
                "canSave": board.may_save,
                "version": board.version,
            },
        }

    def kept(self, uid: str) -> list[int]:
        """Versions still in the history."""
        return list(range(1, self.boards[uid].version + 1))

    def _version(self, uid: str, number: int, *, listed: bool) -> Body:
        message, data = self.boards[uid].history[number - 1]
        shown = "Initial save" if listed and number == 1 else message
        return {"id": number, "uid": uid, "version": number, "message": shown, "data": data}

    def _save(self, body: Body) -> tuple[int, Body]:
        sent = body["dashboard"]
        uid, folder = sent["uid"], body.get("folderUid", "")
        there = self.boards.get(uid)
        if folder and folder not in self.folders:
            return 400, {"message": "folder not found"}
        if there and there.provisioned:
            return 400, {"message": "Cannot save provisioned dashboard"}
        if there and not body.get("overwrite") and sent.get("version", 0) != there.version:
            return _STALE
        if there:
            # The real one moves a dashboard to where a save says, and to the root when it says nothing.
            there.folder = folder
        self.put(sent, folder=folder, message=body.get("message", ""))
        board = self.boards[uid]
        return 200, {
            "id": board.json["id"],
            "uid": uid,
            "version": board.version,
            "status": "success",
            "title": "t",
            "url": f"/d/{uid}/t",
        }


def _page(found: list[Body], query: dict[str, list[str]]) -> list[Body]:
    limit, page = int(query.get("limit", ["1000"])[0]), int(query.get("page", ["1"])[0])
    return found[(page - 1) * limit : page * limit]


@cache
def openapi() -> dict[str, Any] | None:
    """Grafana's own OpenAPI document; None if unavailable."""
    found = sorted((third_party.DATA / "grafana").glob("openapi-*.json"))
    return json.loads(found[0].read_bytes()) if found else None


def check(method: str, path: str, status: int, sent: Body, answer: Body) -> None:
    """Validate a request and its answer against the OpenAPI document.

    Raises:
        jsonschema.ValidationError: one of them is invalid.
    """
    document = openapi()
    parts = path.split("/")[2:]
    if path.startswith(("/apis", "/api/frontend/")):
        # Not in the part of the description that is at hand.
        return
    if document is None or status not in (200, 400, 403, 404, 412):
        return
    for template, operations in document["paths"].items():
        names = template.split("/")[1:]
        if method.lower() not in operations or len(names) != len(parts):
            continue
        if all(name == part or name.startswith("{") for name, part in zip(names, parts, strict=True)):
            operation = operations[method.lower()]
            if sent is not None:
                _validate(operation["requestBody"]["content"]["application/json"]["schema"], sent, document)
            response = operation["responses"].get(str(status))
            if response and "$ref" in response:
                response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
            if response and "content" in response:
                _validate(response["content"]["application/json"]["schema"], answer, document)
            return
    raise AssertionError(f"{method} {path} is not in Grafana's API")


def _validate(schema: dict[str, Any], value: Body, document: dict[str, Any]) -> None:
    whole = {**schema, "components": document["components"]}
    # A dashboard without an id is sent with `null`, which every client does and the description does not say.
    jsonschema.Draft202012Validator(whole).validate(value)


@contextmanager
def grafana() -> Iterator[Grafana]:  # noqa: C901 - the handler closes over the state
    """Serve on a free loopback port until the end of the block."""
    state = Grafana()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # As Go's servers do; else the end of an answer waits 40 ms for the client's delayed acknowledgement.
        disable_nagle_algorithm = True
        wbufsize = -1

        def _serve(self) -> None:
            seen = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", 0))
            sent = json.loads(self.rfile.read(length)) if length else None
            with state.lock:
                state.requests.append(f"{self.command} {seen.path}")
                number = len(state.requests)
            state.before(state.requests[number - 1])
            fault = 403 if seen.path in state.refused else state.faults.get(number)
            time.sleep(state.latency)
            if fault == "cut":
                self._cut()
                return
            if fault == "slow":
                time.sleep(1)
                self._cut()
                return
            if isinstance(fault, int):
                self._reply(fault, {"message": "on command"})
                return
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._reply(401, {"message": "Invalid API key"})
                return
            with state.lock:
                status, body = state.answer(self.command, seen.path, parse_qs(seen.query), sent)
            if state.checks:
                try:
                    check(self.command, seen.path, status, sent, body)
                except (AssertionError, jsonschema.ValidationError) as error:
                    status, body = 418, {"message": f"not as Grafana describes its API: {str(error)[:300]}"}
            if fault == "cut after":
                self._cut()
                return
            self._reply(status, body)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - names that http.server gives

        def _cut(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def _reply(self, status: int, body: Body) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if status == 429 and state.retry_after:
                self.send_header("Retry-After", state.retry_after)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
