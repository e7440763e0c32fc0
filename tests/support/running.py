"""A complete exporter on loopback, with its threads and web server, with or without a fake Coolify."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

from boxwatch.exporters.coolify.exporter import Exporter
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.web import Web
from boxwatch.exporters.coolify.webconfig import WebConfig
from support.coolify import HandClock, Rig


def settled() -> Rig:
    """An exporter that has polled the default topology and rendered its exposition."""
    hand = HandClock()
    rig = Rig(default(lambda: hand.now), hand).settle()
    rig.exporter.expositions.refresh()
    return rig


@contextlib.contextmanager
def web(exporter: Exporter, config: WebConfig | None = None, **options: float) -> Iterator[int]:
    """Serve an exporter in a thread; yields the port."""
    ports: list[int] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        served = Web(exporter, config or WebConfig(), **options)  # type: ignore[arg-type]
        server = await served.serve("127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        await stop.wait()
        await served.stop(server, 1.0)

    def body() -> None:
        loop.run_until_complete(run())
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=body)
    thread.start()
    eventually(lambda: bool(ports))
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until a condition holds, up to a time limit."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "the condition did not hold in time"
        time.sleep(0.01)


def get(
    port: int, path: str = "/metrics", *, method: str = "GET", tls: ssl.SSLContext | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one request; underscores in header names are dashes."""
    connection = (
        http.client.HTTPSConnection("localhost", port, timeout=10, context=tls)
        if tls
        else http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    )
    with contextlib.closing(connection):
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


def send(port: int, data: bytes, *, wait: float = 5) -> bytes:
    """The complete response to some bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        connection.sendall(data)
        received = b""
        with contextlib.suppress(OSError):
            while piece := connection.recv(65536):
                received += piece
        return received
