"""The one HTTP server of the demo, on loopback: the exporters' pages, and a receiver for Alertmanager's webhooks."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

Answer = Callable[[str], str | None]
Receive = Callable[[dict[str, Any]], None]

HOST: Final = "127.0.0.1"
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
NOTIFY: Final = "/notify"
# A notification larger than this is none of Alertmanager's.
_LARGEST: Final = 1 << 24


class Loopback(ThreadingHTTPServer):
    """Answers GET with pages, and takes POST as notifications.

    Attributes:
        answer: path with its query → a page; None for a target that does not answer.
        receive: takes each notification.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self) -> None:
        """Bind to a free port; nothing is served before `serve`."""
        super().__init__((HOST, 0), _Handler)
        self.answer: Answer = lambda _: None
        self.receive: Receive = lambda _: None

    @property
    def address(self) -> str:
        """host:port."""
        return f"{HOST}:{self.server_port}"

    @contextlib.contextmanager
    def serve(self) -> Iterator[None]:
        """Serve in a thread for the duration of the block."""
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            self.server_close()
            thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's signature
        """Say nothing of a client that closed its connection; Prometheus does so when it is stopped."""


class _Handler(BaseHTTPRequestHandler):
    server: Loopback
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        page = self.server.answer(self.path)
        self._send(503 if page is None else 200, (page or "").encode())

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if not self.path.startswith(NOTIFY) or length > _LARGEST:
            self._send(404, b"")
            return
        self.server.receive(json.loads(self.rfile.read(length)))
        self._send(200, b"")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", TEXT)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Log nothing."""
