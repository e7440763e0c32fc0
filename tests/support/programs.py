"""Runs real programs on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest

_Seen = TypeVar("_Seen")


def free_port() -> int:
    """A free loopback port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(
    command: list[str], log: Path, *, env: dict[str, str] | None = None, user: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for the duration of the block, with its output in the log.

    The given environment is added to ours, and the program runs as another user if one is named. A program unpacked by
    tools/prometheus.sh is started where it finds its files.
    """
    around = {**os.environ, **(env or {})}
    unpacked = (above for above in Path(command[0]).parents if ".tools" in above.parts and (above / "usr").is_dir())
    place = next(unpacked, None)
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env=around, user=user, cwd=place) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@contextlib.contextmanager
def serving(pages: dict[str, str], port: int = 0) -> Iterator[int]:
    """Serve fixed pages by path, on any free port if none is given; yields the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            self.send_response(200 if page is not None else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write((page or "").encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def get(url: str) -> Any:  # noqa: ANN401 - whatever JSON is there
    """A JSON document; None while nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback only
            return json.load(answer)
    except (urllib.error.URLError, ConnectionError, TimeoutError, ValueError):
        return None


def wait_for(look: Callable[[], _Seen | None], what: str, patience: float = 120) -> _Seen:
    """Call `look` until it returns something.

    Raises:
        TimeoutError: it returned nothing for `patience` seconds.
    """
    end = time.monotonic() + patience
    while time.monotonic() < end:
        seen = look()
        if seen:
            return seen
        time.sleep(0.5)
    raise TimeoutError(f"no {what} within {patience} s")


def compose_program() -> str:
    """Docker Compose 2 or later, which reads the Compose specification: from tools/promtools.sh, or installed."""
    unpacked = sorted(Path(__file__).parents[2].glob(".tools/promtools/*/usr/bin/docker-compose"))
    found = str(unpacked[0]) if unpacked else shutil.which("docker-compose")
    if found is not None:
        version = subprocess.run([found, "version", "--short"], capture_output=True, text=True, check=False).stdout
        if not version.startswith("1."):
            return found
    reason = "Docker Compose 2 is not installed: run `make promtools`"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; CI skips no test")
    pytest.skip(reason)


def compose_schema() -> Any:  # noqa: ANN401 - a JSON document
    """The JSON schema of the Compose specification, from tools/promtools.sh."""
    tools = Path(__file__).parents[2] / ".tools" / "promtools"
    found = next(tools.glob("*/usr/share/gocode/src/github.com/compose-spec/*/schema/compose-spec.json"), None)
    if found is not None:
        return json.loads(found.read_text(encoding="utf-8"))
    reason = "the schema of the Compose specification is missing: run `make promtools`"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; CI skips no test")
    pytest.skip(reason)
