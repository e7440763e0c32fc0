"""A server that sends exactly the bytes a test specifies, at a given pace."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

Serve = Callable[[socket.socket], None]


class RawServer:
    """Accepts connections on loopback, reads the head of one request, and lets `serve` answer."""

    def __init__(self, serve: Serve) -> None:
        """Start listening."""
        self._serve = serve
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.heads: list[bytes] = []
        self.sent = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = connection.recv(4096)
                    if not piece:
                        break
                    head += piece
                self.heads.append(head)
                self._serve(connection)

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)


@contextlib.contextmanager
def raw_server(serve: Serve | bytes) -> Iterator[RawServer]:
    """Run a server during a test; bytes are sent unchanged."""
    if isinstance(serve, bytes):
        content = serve

        def answer(connection: socket.socket) -> None:
            connection.sendall(content)

        server = RawServer(answer)
    else:
        server = RawServer(serve)
    try:
        yield server
    finally:
        server.close()
