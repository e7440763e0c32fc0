"""A stand-in for Prometheus on loopback: loads rules like the real one, and misbehaves on command.

Its behaviour is that of 2.42: /-/reload answers when the rules are loaded, 500 with a reason
when they are refused (the old ones stay), 403 without --web.enable-lifecycle; /api/v1/rules shows groups with `file`.
"""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from boxwatch.publish import http, read_back
from boxwatch.stack import prometheus as configuration
from boxwatch.topology.model import Topology
from support import small

RELOAD, RULES, CONFIG = "/-/reload", "/api/v1/rules", "/api/v1/status/config"
FLAGS = "/api/v1/status/flags"


class StandIn:
    """A server that reads `directory/boxwatch.yaml`; or, if whole, `directory/prometheus.yml` and what that lists.

    Attributes:
        faults: path → faults of the next requests to it, in order: `ok`, `refuse` (500), `locked` (403), `who` (401),
            `busy` (503 with Retry-After), `slow`, `drip`, `cut`, `empty` (closes at once), `silent`, `garbage`,
            `html` (404 with a page), `short` (a group less), `sick` (a rule that fails), `new` (not evaluated yet),
            `lost` (loads, and its answer is cut).
        asked: `METHOD path` of every request, in order.
        sent: the Authorization header of every request.
        rule_files: `rule_files` of its configuration.
        config: the rest of its configuration.
        never: no rule is ever evaluated, and all are reported as healthy, as in vmalert.
    """

    def __init__(self, directory: Path, *, whole: bool = False) -> None:
        """Start without loading anything."""
        self.directory = directory
        self.whole = whole
        self.text = ""
        self.config_file = "/etc/prometheus/prometheus.yml"
        self.faults: dict[str, list[str]] = {RELOAD: [], RULES: []}
        self.asked: list[str] = []
        self.sent: list[str | None] = []
        self.groups: list[dict[str, Any]] = []
        self.others: list[dict[str, Any]] = []
        self.over = threading.Event()
        self.url = ""
        self.evaluation = 0
        self.never = False
        self.rule_files = ["/etc/prometheus/rules/*.yaml"]
        self.config: dict[str, Any] = {}

    def load(self) -> bool:
        """Load what is on disk, as on a reload or start; whether nothing was rejected."""
        if self.whole:
            return self._load_whole()
        live = self.directory / "boxwatch.yaml"
        found = yaml.safe_load(live.read_bytes())["groups"] if live.exists() else []
        self.groups = [group | {"file": "/etc/prometheus/rules/boxwatch.yaml"} for group in found]
        return True

    def _load_whole(self) -> bool:
        path = self.directory / "prometheus.yml"
        if not path.exists():
            return False
        self.text = path.read_text(encoding="utf-8")
        groups: list[dict[str, Any]] = []
        for file in yaml.safe_load(self.text).get("rule_files") or ():
            for found in sorted(self.directory.glob(file)):
                document = yaml.safe_load(found.read_bytes())
                if set(document) != {"groups"}:
                    return False
                groups += [group | {"file": f"/etc/prometheus/{file}"} for group in document["groups"]]
        self.groups = groups
        return True

    def shown(self, fault: str) -> dict[str, Any]:
        """Answer of /api/v1/rules with a fault."""
        self.evaluation += 1
        groups = [
            {"name": group["name"], "file": group["file"], "rules": [self._rule(rule) for rule in group["rules"]]}
            for group in self.groups
        ]
        if fault == "short" and groups:
            del groups[-1]
        if fault in {"sick", "new"} and groups:
            groups[-1]["rules"][-1] |= {
                "sick": {"health": "err", "lastError": "many-to-many matching"},
                "new": {"health": "unknown"},
            }[fault]
        return {"status": "success", "data": {"groups": groups + self.others}}

    def _rule(self, rule: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "alerting" if "alert" in rule else "recording",
            "name": rule.get("alert") or rule.get("record"),
            "labels": rule.get("labels", {}),
            "health": "ok",
            "lastEvaluation": "0001-01-01T00:00:00Z" if self.never else str(self.evaluation),
        }


# Fault → status, what is said, more headers.
_REFUSALS: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "refuse": (500, b"failed to reload config: one or more errors occurred", {}),
    "locked": (403, b"Lifecycle API is not enabled.", {}),
    "who": (401, b"bad credentials: %s", {}),
    "busy": (503, b"Service Unavailable", {"Retry-After": "0"}),
    "html": (404, b"<html>no such page</html>", {}),
}


class _Handler(BaseHTTPRequestHandler):
    double: StandIn

    def do_GET(self) -> None:
        self._meet()

    def do_POST(self) -> None:
        self._meet()

    def _meet(self) -> None:
        double = self.double
        double.asked.append(f"{self.command} {self.path}")
        double.sent.append(self.headers["Authorization"])
        planned = double.faults.get(self.path, [])
        fault = planned.pop(0) if planned else "ok"
        with contextlib.suppress(ConnectionError):
            if fault == "silent":
                double.over.wait()
            elif fault == "garbage":
                self.wfile.write(b"\x00\x01 this is no HTTP\r\n\r\n")
            elif fault in _REFUSALS:
                status, body, more = _REFUSALS[fault]
                # Some servers send back what they were sent.
                self._send(status, body.replace(b"%s", str(self.headers["Authorization"]).encode()), more)
            elif fault != "empty":
                self._do(fault)

    def _do(self, fault: str) -> None:
        if fault == "slow":
            time.sleep(0.1)
        if self.path == RELOAD:
            if not self.double.load():
                self._send(*_REFUSALS["refuse"])
                return
            body = b"x" * 9
        elif self.path == CONFIG:
            document = {**self.double.config, "rule_files": self.double.rule_files}
            text = self.double.text if self.double.whole else yaml.safe_dump(document)
            body = json.dumps({"status": "success", "data": {"yaml": text}}).encode()
        elif self.path == FLAGS:
            body = json.dumps({"status": "success", "data": {"config.file": self.double.config_file}}).encode()
        else:
            body = json.dumps(self.double.shown(fault)).encode()
        if fault == "drip":
            self._drip(body)
        elif fault in {"cut", "lost"}:
            self._send(200, body, {"Content-Length": str(len(body) + 1)})
        else:
            self._send(200, body)

    def _send(self, status: int, body: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **(more or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self, body: bytes) -> None:
        self._send(200, b"", {"Content-Length": str(len(body))})
        for byte in body:
            self.wfile.write(bytes([byte]))
            if self.double.over.wait(0.05):
                return

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextlib.contextmanager
def beside_commands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The stand-in reads `rules` in a folder, the current one then; two services are there and no promtool."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(read_back, "_PAUSE", 0.01)
    monkeypatch.setattr(http, "_FIRST_PAUSE", 0.001)
    (folder / "rules").mkdir()
    small.write(folder)
    with prometheus(folder / "rules") as double:
        double.config = scraping(small.topology())
        yield double


def scraping(topology: Topology) -> dict[str, Any]:
    """The generated configuration of Prometheus."""
    found: dict[str, Any] = yaml.safe_load(configuration.files(topology)["prometheus/prometheus.yml"])
    return found


@contextlib.contextmanager
def prometheus(directory: Path, tls: ssl.SSLContext | None = None, *, whole: bool = False) -> Iterator[StandIn]:
    """Run the stand-in for the duration of the block."""
    double = StandIn(directory, whole=whole)
    handler = type("Handler", (_Handler,), {"double": double})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        double.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
        try:
            yield double
        finally:
            double.over.set()
            server.shutdown()
            thread.join()
