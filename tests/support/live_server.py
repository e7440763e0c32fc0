"""Stand-ins on loopback that serve what `live_box` has: the APIs of Prometheus and Alertmanager.

Their answers have the form of Prometheus 2.42 to 3.15 and Alertmanager 0.25 to 0.34.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import yaml

from boxwatch.live.doctor import questions
from boxwatch.live.doctor.seen import Alertmanager, Prometheus
from boxwatch.rules.built import Built

_API = "/api/v1/"


@dataclass
class Answers:
    """A server's answers, by path.

    Attributes:
        pages: path, without a query → document.
        queries: PromQL → its result.
        statuses: path → status instead of 200.
        asked: every path asked for, with its query.
        authorization: the last Authorization header.
        url: its URL.
    """

    pages: dict[str, Any] = field(default_factory=dict)
    queries: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    authorization: str | None = None
    url: str = ""

    def answer(self, target: str) -> tuple[int, bytes]:
        """Answer one request."""
        path, _, query = target.partition("?")
        self.asked.append(target)
        if path in self.statuses:
            return self.statuses[path], b'{"status": "error", "error": "as told"}'
        if path == f"{_API}query":
            asked = urllib.parse.parse_qs(query)["query"][0]
            if asked == "time()":
                return 200, _json({"resultType": "scalar", "result": [0, str(time.time())]})
            if asked not in self.queries:
                return 422, b'{"status": "error", "error": "query timed out"}'
            return 200, _json({"resultType": "vector", "result": self.queries[asked]})
        if path not in self.pages:
            return 404, b"404 page not found"
        found = self.pages[path]
        return 200, found if isinstance(found, bytes) else json.dumps(found).encode()


def _json(data: object) -> bytes:
    return json.dumps({"status": "success", "data": data}).encode()


def of_prometheus(seen: Prometheus, built: Built) -> Answers:
    """The answers of a Prometheus that is as seen."""
    data: Mapping[str, object] = {
        "status/buildinfo": {"version": seen.version},
        "status/config": {"yaml": yaml.safe_dump(seen.config)},
        "status/flags": seen.flags,
        "status/runtimeinfo": seen.runtime,
        "targets": {
            "activeTargets": [
                {
                    "scrapePool": one.pool,
                    "labels": one.labels,
                    "discoveredLabels": {"__address__": one.address},
                    "scrapeUrl": one.url,
                    "health": one.health,
                    "lastError": one.error,
                }
                for one in seen.targets
            ]
        },
        "rules": {"groups": seen.groups},
        "alertmanagers": {"activeAlertmanagers": [{"url": url} for url in seen.alertmanagers]},
    }
    return Answers(
        pages={f"{_API}{path}": {"status": "success", "data": value} for path, value in data.items()},
        queries={
            query: [{"metric": one.labels, "value": [0, str(one.value)]} for one in seen.answer(name)]
            for name, query in questions.questions(built).items()
        },
    )


def of_alertmanager(seen: Alertmanager) -> Answers:
    """The answers of an Alertmanager that is as seen."""
    state = "suppressed" if seen.suppressed else "active"
    beat = {
        "labels": {"alertname": "Watchdog", "deployment": "box"},
        "receivers": [{"name": name} for name in seen.heartbeats or ()],
        "status": {"state": state},
    }
    return Answers(
        pages={
            "/api/v2/status": {
                "versionInfo": {"version": seen.version},
                "config": {"original": yaml.safe_dump(dict(seen.config))},
            },
            "/api/v2/alerts": [] if seen.heartbeats is None else [beat],
        }
    )


@contextlib.contextmanager
def serving(answers: Answers) -> Iterator[Answers]:
    """Serve answers on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers.authorization = self.headers["Authorization"]
            status, body = answers.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        answers.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield answers
        finally:
            server.shutdown()
            thread.join()
