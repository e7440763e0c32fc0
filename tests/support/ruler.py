"""A stand-in for a Mimir ruler on loopback.

From Mimir's source (pkg/ruler/api.go and rulespb/compat.go), not verified: paths, 404 `no rule groups found`, 202 for
what is stored, 400 with a text for what is refused, rules printed anew (durations in another spelling, empty maps
gone), groups that show their namespace as `file`, 401 without a tenant, and that nothing is active at once.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import yaml

from boxwatch.publish.ruler.ruler_group import canonical

Json = Any
TOKEN = "a-token-that-no-text-may-hold"  # noqa: S105 - opens nothing but this
_UNITS = (("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000))
# Printed only where nothing is left.
_WHOLE = frozenset("ywd")


def printed(milliseconds: int) -> str:
    """A duration as printed by Prometheus."""
    made = ""
    for unit, size in _UNITS:
        if unit in _WHOLE and milliseconds % size:
            continue
        if milliseconds >= size:
            made += f"{milliseconds // size}{unit}"
            milliseconds %= size
    return made + (f"{milliseconds}ms" if milliseconds else "") or "0s"


@dataclass
class Ruler:
    """The stand-in's content, the requests it received, and the faults to inject.

    `faults` maps the number of a request, from 1, to a status, `cut`, or `cut after` (the work was done). `broken` are
    names of rules that fail; `lag` is how many questions for what is evaluated are answered with what was before;
    `largest` is the most rules of a group.
    """

    tenants: dict[str, dict[str, dict[str, Json]]] = field(default_factory=lambda: {"team": {}})
    requests: list[str] = field(default_factory=list)
    faults: dict[int, int | str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    before: Callable[[str], None] = lambda _: None
    largest: int = 1000
    lag: int = 0
    active: Json = None
    url: str = ""
    seen: int = 0

    @property
    def writes(self) -> list[str]:
        """Requests that change state."""
        return [request for request in self.requests if not request.startswith("GET ")]

    def groups(self, namespace: str = "boxwatch", tenant: str = "team") -> dict[str, Json]:
        """Name → group."""
        return self.tenants[tenant].get(namespace, {})

    def answer(  # noqa: PLR0911 - one match over what a ruler offers
        self, method: str, path: str, tenant: str | None, body: bytes
    ) -> tuple[int, bytes]:
        """Answer one request."""
        if tenant not in self.tenants:
            return 401, b"no org id"
        namespaces = self.tenants[tenant]
        match method, [unquote(part) for part in path.split("/")[1:]]:
            case "GET", ["prometheus", "api", "v1", "rules"]:
                return 200, json.dumps({"status": "success", "data": {"groups": self._shown(namespaces)}}).encode()
            case "GET", ["prometheus", "config", "v1", "rules", namespace]:
                if not namespaces.get(namespace):
                    return 404, b"no rule groups found\n"
                return 200, yaml.safe_dump({namespace: list(namespaces[namespace].values())}).encode()
            case "POST", ["prometheus", "config", "v1", "rules", namespace]:
                group = yaml.safe_load(body)
                if len(group["rules"]) > self.largest:
                    return 400, b"per-user rules per rule group limit (limit: 1 actual: 5) exceeded"
                namespaces.setdefault(namespace, {})[group["name"]] = _normal(group)
                return 202, b'{"status":"success","data":null,"errorType":"","error":""}'
            case "DELETE", ["prometheus", "config", "v1", "rules", namespace, name]:
                if name not in namespaces.get(namespace, {}):
                    return 404, b"group does not exist\n"
                del namespaces[namespace][name]
                return 202, b'{"status":"success","data":null,"errorType":"","error":""}'
        return 404, b"404 page not found"

    def _shown(self, namespaces: dict[str, dict[str, Json]]) -> Json:
        self.seen += 1
        if self.lag:
            self.lag -= 1
            return self.active or []
        self.active = [
            {"name": group["name"], "file": name, "rules": [self._rule(rule) for rule in group["rules"]]}
            for name, groups in namespaces.items()
            for group in groups.values()
        ]
        return self.active

    def _rule(self, rule: Json) -> Json:
        name = rule.get("alert") or rule.get("record")
        return {
            "type": "alerting" if "alert" in rule else "recording",
            "name": name,
            "labels": rule.get("labels", {}),
            "health": "err" if name in self.broken else "ok",
            "lastError": "many-to-many matching" if name in self.broken else "",
            "lastEvaluation": str(self.seen),
        }


def _normal(group: Json) -> Json:
    """A group as the ruler returns it."""
    made = canonical(group)
    rules: Json = made["rules"]
    for rule in (made, *rules):
        for key in ("for", "interval", "keep_firing_for"):
            if key in rule:
                rule[key] = printed(rule[key])
    return made


@contextmanager
def ruler() -> Iterator[Ruler]:
    """Serve on a free loopback port until the end of the block."""
    state = Ruler()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with lock:
                state.requests.append(f"{self.command} {self.path}")
                number = len(state.requests)
            state.before(state.requests[number - 1])
            fault = state.faults.get(number)
            if fault == "cut":
                self._cut()
            elif isinstance(fault, int):
                self._reply(fault, b"on command")
            elif self.headers["Authorization"] not in (None, f"Bearer {TOKEN}"):
                self._reply(401, f"bad credentials: {self.headers['Authorization']}".encode())
            else:
                with lock:
                    status, content = state.answer(self.command, self.path, self.headers["X-Scope-OrgID"], body)
                if fault == "cut after":
                    self._cut()
                else:
                    self._reply(status, content)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - names that http.server gives

        def _cut(self) -> None:
            self.connection.shutdown(socket.SHUT_RDWR)

        def _reply(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_address[1]}/prometheus"
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
