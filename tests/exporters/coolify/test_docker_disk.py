"""Docker's disk use: read rarely, from a socket, whatever it answers."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.exporters.coolify.docker_disk import KINDS, DockerDisk, read
from boxwatch.exporters.coolify.fields import Fields
from boxwatch.exporters.coolify.snapshot_store import DiskUse, SnapshotStore

# As Docker 20.10 answers, shortened to the keys that are read.
ANSWER = {
    "LayersSize": 1000,
    "Images": [
        {"Size": 600, "SharedSize": 100, "Containers": 1},
        {"Size": 500, "SharedSize": 100, "Containers": 0},
        {"Size": 9, "SharedSize": -1, "Containers": -1},
    ],
    "Containers": [{"SizeRw": 30, "State": "running"}, {"SizeRw": 20, "State": "exited"}, {"State": "exited"}],
    "Volumes": [
        {"UsageData": {"Size": 70, "RefCount": 1}},
        {"UsageData": {"Size": 40, "RefCount": 0}},
        {"UsageData": None},
        {"UsageData": {"Size": -1, "RefCount": -1}},
    ],
    "BuildCache": [{"Size": 8, "InUse": False, "Shared": False}, {"Size": 4, "InUse": True, "Shared": False}],
}


def test_sizes_and_what_a_prune_would_free() -> None:
    assert read(Fields(ANSWER, lambda _: None)) == {
        "images": DiskUse(1000, 491),  # what the containers' images alone hold stays
        "containers": DiskUse(50, 20),
        "volumes": DiskUse(110, 40),
        "build_cache": DiskUse(12, 8),
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ANSWER, "Size", "UsageData"]), inner),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(list(ANSWER)), JSON))
def test_any_answer_is_read(document: dict[str, object]) -> None:
    found = read(Fields(document, lambda _: None))

    assert tuple(found) == KINDS
    assert all(0 <= use.reclaimable <= use.size for use in found.values())


class _Docker(socketserver.ThreadingUnixStreamServer):
    body = json.dumps(ANSWER).encode()
    status = 200
    asked: tuple[str, ...] = ()
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    server: _Docker

    def address_string(self) -> str:
        return "docker"

    def do_GET(self) -> None:
        self.server.asked += (self.path,)
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Log nothing."""


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[_Docker]:
    with _Docker(str(tmp_path / "docker.sock"), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _rounds(docker: _Docker, number: int, snapshots: SnapshotStore) -> None:
    stop = threading.Event()
    left = [number]

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            del timeout
            left[0] -= 1
            if left[0] == 0:
                stop.set()
            return True

    stop.wait = Stop().wait  # type: ignore[method-assign]
    DockerDisk(str(docker.server_address), snapshots).run(stop)


def test_a_failure_keeps_the_last_answer_and_is_logged_once(docker: _Docker, caplog: pytest.LogCaptureFixture) -> None:
    snapshots = SnapshotStore()
    _rounds(docker, 1, snapshots)
    assert snapshots.own.disk["volumes"] == DiskUse(110, 40)
    assert docker.asked == ("/v1.41/system/df",)
    for status, body in ((500, b"{}"), (200, b"["), (200, b"[]")):
        docker.status, docker.body = status, body
        _rounds(docker, 1, snapshots)
    docker.body = b"secret"
    caplog.clear()
    _rounds(docker, 3, snapshots)

    assert snapshots.own.disk["volumes"] == DiskUse(110, 40)
    assert snapshots.own.disk_failed == 6
    assert [record.levelname for record in caplog.records if record.levelname == "WARNING"] == ["WARNING"]
    assert "secret" not in caplog.text


def test_a_proxy_is_asked_over_tcp() -> None:
    with pytest.raises(ConnectionRefusedError):
        DockerDisk("127.0.0.1:9", SnapshotStore()).ask()
