"""Attacks on the exporter's web server: seconds until /metrics and /-/healthy answer while they last.

    python benchmarks/coolify_attacks.py              # a table; nothing is asserted

500 silent TLS clients, 256 silent plain ones, 100 that ask and never read, few descriptors, a token file that hangs,
and SIGTERM while clients never read.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.certificate import make_certificate

from boxwatch.exporters.coolify.fake.box import large
from boxwatch.exporters.coolify.fake.coolify import TOKEN
from boxwatch.exporters.coolify.fake.server import FakeServer

_RESET = b"\x01\x00\x00\x00\x00\x00\x00\x00"
_SECONDS = 90.0


@dataclass
class Running:
    """An exporter in a process; its log is counted."""

    process: subprocess.Popen[str]
    port: int
    log: list[str]
    tls: ssl.SSLContext | None

    def get(self, path: str) -> int:
        """The status of one request; 0 if it fails."""
        try:
            connection = (
                http.client.HTTPSConnection("localhost", self.port, timeout=10, context=self.tls)
                if self.tls
                else http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            )
            with contextlib.closing(connection):
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                return answer.status
        except OSError:
            return 0

    def until(self, path: str) -> str:
        """The seconds until a path answers 200."""
        started = time.monotonic()
        tries = 0
        while time.monotonic() - started < _SECONDS:
            tries += 1
            if self.get(path) == HTTPStatus.OK:
                return f"{time.monotonic() - started:.2f} s"
            time.sleep(0.2)
        return f"not within {_SECONDS:.0f} s ({tries} tries)"

    def logged(self) -> int:
        """Characters logged so far."""
        return sum(map(len, self.log))

    def memory(self) -> float:
        """Highest resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return max(int(kb) for kb in re.findall(r"VmHWM:\s+(\d+) kB", status)) / 1024


@contextlib.contextmanager
def exporter(url: str, folder: Path, *, tls: bool = False, descriptors: int = 0) -> Iterator[Running]:
    """An exporter that has read everything."""
    token = folder / "token"
    if token.exists() or token.is_fifo():
        token.unlink()
    token.write_text(TOKEN)
    options = ["--listen", "127.0.0.1:0", "--url", url, "--token-file", str(token), "--requests-per-minute", "600"]
    client = None
    if tls:
        certificate, _ = make_certificate(folder)
        (folder / "web.yml").write_text("tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n")
        options += ["--web-config-file", str(folder / "web.yml")]
        client = ssl.create_default_context(cafile=str(certificate))

    def limit() -> None:
        if descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

    with subprocess.Popen(
        [sys.executable, "-m", "boxwatch.exporters.coolify", *options],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,  # noqa: PLW1509 - no threads use locks here
    ) as process:
        running = Running(process, 0, [], client)
        threading.Thread(target=lambda: running.log.extend(process.stderr or ()), daemon=True).start()
        while not (match := re.search(r"port=(\d+)", "".join(running.log))):
            time.sleep(0.05)
        running.port = int(match[1])
        running.until("/-/ready")
        try:
            yield running
        finally:
            if process.poll() is None:
                process.kill()


def silent(port: int, number: int) -> list[socket.socket]:
    """Clients that say nothing; those that are turned away try no more."""
    found = []
    for _ in range(number):
        with contextlib.suppress(OSError):
            found.append(socket.create_connection(("127.0.0.1", port), timeout=2))
    return found


def unread(running: Running, number: int) -> list[socket.socket]:
    """Clients that ask for the page twenty times and never read."""
    found: list[socket.socket] = []
    for _ in range(number):
        with contextlib.suppress(OSError):
            plain = socket.socket()
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            plain.settimeout(5)
            plain.connect(("127.0.0.1", running.port))
            one = running.tls.wrap_socket(plain, server_hostname="localhost") if running.tls else plain
            one.sendall(b"GET /metrics HTTP/1.1\r\n\r\n" * 20)
            found.append(one)
    return found


def report(name: str, running: Running, clients: list[socket.socket]) -> None:
    """One line."""
    before = running.logged()
    answers = f"/metrics {running.until('/metrics')}, /-/healthy {running.until('/-/healthy')}"
    time.sleep(1)
    print(
        f"  {name:46} {answers}, log {(running.logged() - before) / 1024:.0f} KB, {running.memory():.0f} MB", flush=True
    )
    for one in clients:
        one.close()


def stopped(name: str, running: Running) -> None:
    """How long SIGTERM takes, and what it prints outside the log's format."""
    started = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    running.process.wait(60)
    time.sleep(0.2)
    odd = sum(not line.startswith("ts=") for line in running.log)
    print(f"  {name:46} {time.monotonic() - started:.1f} s, {odd} lines outside the format", flush=True)


def main() -> None:
    """All attacks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    fake = large(time.time, 200, 1)
    fake.limit = 10**6
    with tempfile.TemporaryDirectory() as name, FakeServer(("127.0.0.1", 0), fake) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        folder, url = Path(name), f"http://127.0.0.1:{server.server_port}"
        with exporter(url, folder, tls=True, descriptors=512) as running:
            report("500 silent TLS clients", running, silent(running.port, 500))
        with exporter(url, folder) as running:
            report("256 silent plain clients", running, silent(running.port, 256))
            report("100 clients that never read", running, unread(running, 100))
        with exporter(url, folder, descriptors=80) as running:
            report("200 silent clients, 80 descriptors", running, silent(running.port, 200))
        with exporter(url, folder) as running:
            (folder / "token").unlink()
            os.mkfifo(folder / "token")
            time.sleep(8)
            report("a token file that hangs", running, [])
        for tls in (False, True):
            with exporter(url, folder, tls=tls) as running:
                held = unread(running, 20)
                time.sleep(0.5)
                stopped(f"SIGTERM, 20 clients that never read{', TLS' if tls else ''}", running)
                for one in held:
                    one.close()
        with exporter(url, folder) as running:
            kept = http.client.HTTPConnection("127.0.0.1", running.port)
            kept.request("GET", "/-/healthy")
            kept.getresponse().read()
            stopped("SIGTERM, a kept-alive client", running)
            kept.close()
        server.shutdown()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


if __name__ == "__main__":
    main()
