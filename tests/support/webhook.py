"""A receiver of Alertmanager's webhooks that records all notifications."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.programs import wait_for

Alert = dict[str, Any]


@dataclass
class Webhook:
    """The received notifications, in order.

    Attributes:
        url: URL for Alertmanager's webhook.
        alerts: every alert of every notification, as sent by Alertmanager.
    """

    url: str
    alerts: list[Alert] = field(default_factory=list)

    def wait(self, name: str, status: str, after: int = 0, patience: float = 90, **labels: str) -> Alert:
        """Wait for the first alert with this name, status (firing, resolved) and labels, skipping `after` alerts.

        Raises:
            TimeoutError: none arrived in time.
        """
        wanted = {"alertname": name, **labels}

        def look() -> Alert | None:
            return next(
                (
                    one
                    for one in self.alerts[after:]
                    if one["status"] == status and wanted.items() <= one["labels"].items()
                ),
                None,
            )

        return wait_for(look, f"{status} {name}", patience)


@contextlib.contextmanager
def webhook(status: int = 200) -> Iterator[Webhook]:
    """Run a receiver on loopback for the duration of the block, which answers with a status."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.alerts.extend(json.loads(body)["alerts"])
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        received = Webhook(f"http://127.0.0.1:{server.server_address[1]}/")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield received
        finally:
            server.shutdown()
            thread.join()
