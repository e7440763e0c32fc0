"""The fake over HTTP: `python -m boxwatch.exporters.coolify.fake --listen 127.0.0.1:8000`.

Switch traps while it runs with GET /_fake/on/object_list and /_fake/off/object_list; /_fake/stats lists the requests.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from boxwatch.exporters.coolify.fake.box import default, large
from boxwatch.exporters.coolify.fake.coolify import TOKEN, VERSIONS, FakeCoolify
from boxwatch.exporters.coolify.fake.life import Life
from boxwatch.exporters.coolify.fake.traps import TRAPS, Answer, answer

CONTROL: Final = "/_fake/"


class FakeServer(ThreadingHTTPServer):
    """Serves a fake on an address; each answer takes `delay` seconds."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, address: tuple[str, int], fake: FakeCoolify, *, life: Life | None = None, delay: float = 0
    ) -> None:
        """Bind to the address; `serve_forever` starts serving."""
        super().__init__(address, _Handler)
        self.fake = fake
        self._life = life
        self._delay = delay
        self._lock = threading.Lock()

    def answer(self, target: str, headers: dict[str, str]) -> Answer:
        """Return the fake's answer, or that of a control path."""
        if target.startswith(CONTROL):
            return self._control(target.removeprefix(CONTROL).split("/"))
        time.sleep(self._delay)
        with self._lock:
            if self._life is not None:
                self._life.tick()
            return self.fake.get(target, headers)

    def _control(self, words: list[str]) -> Answer:
        match words:
            case ["on", name] if name in TRAPS:
                self.fake.traps.add(name)
            case ["off", name]:
                self.fake.traps.discard(name)
            case ["stats"]:
                pass
            case _:
                return answer({"message": "not found: use on/<trap>, off/<trap> or stats", "traps": sorted(TRAPS)}, 404)
        paths = Counter(target.split("?")[0] for target in self.fake.asked)
        return answer({"traps": sorted(self.fake.traps), "requests": len(self.fake.asked), "paths": paths})


class _Handler(BaseHTTPRequestHandler):
    server: FakeServer

    def do_GET(self) -> None:
        reply = self.server.answer(self.path, dict(self.headers.items()))
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            if name != "Date":  # the handler sends its own
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Log nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m boxwatch.exporters.coolify.fake", description="A fake Coolify.")
    parser.add_argument("--listen", default="127.0.0.1:8000", help="address and port")
    parser.add_argument("--version", default="4.3", choices=sorted(VERSIONS), help="Coolify's version")
    parser.add_argument("--applications", type=int, help="number of applications, instead of the default deployment")
    parser.add_argument("--servers", type=int, default=1, help="number of servers for --applications")
    parser.add_argument("--tasks", action="store_true", help="a task for each of --applications, and backups")
    parser.add_argument("--limit", type=int, default=200, help="rate limit in requests per minute")
    parser.add_argument("--delay", type=float, default=0.0, help="response time in seconds")
    parser.add_argument(
        "--trap",
        action="append",
        default=[],
        choices=sorted(TRAPS),
        metavar="TRAP",
        help="trap to switch on (repeatable)",
    )
    options = parser.parse_args(arguments)
    if options.applications is None:
        fake = default(time.time, options.version)
    else:
        fake = large(time.time, options.applications, options.servers, tasks=options.tasks)
    fake.version, fake.limit, fake.traps = options.version, options.limit, set(options.trap)
    host, _, port = options.listen.rpartition(":")
    with FakeServer((host, int(port)), fake, life=Life(fake), delay=options.delay) as server:
        sys.stderr.write(f"fake Coolify {fake.full_version} at http://{host}:{server.server_port}, token {TOKEN}\n")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0
