"""The web server: its answers, and limits that keep clients from blocking or filling it."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import http.client
import os
import resource
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import rotation
from support.certificate import make_certificate
from support.coolify import Rig
from support.running import eventually, get, send, settled, web

from boxwatch.exporters.coolify.exposition_cache import OPENMETRICS, TEXT
from boxwatch.exporters.coolify.web import Request, listen
from boxwatch.exporters.coolify.webconfig import Users, WebConfig, load

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4))


@pytest.fixture(scope="module")
def rig() -> Rig:
    return settled()


@pytest.fixture(scope="module")
def port(rig: Rig) -> Iterator[int]:
    with web(rig.exporter, idle=1.0, head=1.0) as port:
        yield port


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_metrics_as_text(port: int, rig: Rig) -> None:
    status, headers, body = get(port)

    assert (status, headers["content-type"]) == (200, TEXT)
    assert body == rig.exporter.expositions.get(TEXT).plain()
    assert b'coolify_up{account="main"} 1.0' in body


def test_metrics_compressed_as_prometheus_asks_for_them(port: int) -> None:
    status, headers, body = get(port, Accept="application/openmetrics-text; version=1.0.0", Accept_Encoding="gzip")

    assert (status, headers["content-type"], headers["content-encoding"]) == (200, OPENMETRICS, "gzip")
    assert gzip.decompress(body).endswith(b"# EOF\n")


def test_head_says_the_length_and_sends_nothing(port: int) -> None:
    status, headers, body = get(port, method="HEAD")

    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 10_000


def test_landing_page_links_and_tells_the_accounts(port: int) -> None:
    status, headers, body = get(port, "/")

    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b'href="/metrics"' in body
    assert b"<td>main<td>up<td><td>4.3.11<td>12" in body


def test_ready_and_healthy(port: int) -> None:
    assert get(port, "/-/healthy")[0] == 200
    assert get(port, "/-/ready")[0] == 200


def test_not_ready_before_the_first_reading() -> None:
    rig = settled()
    rig.exporter.snapshots.current = ()
    with web(rig.exporter) as port:
        assert get(port, "/-/ready")[0] == 503
        assert get(port, "/-/healthy")[0] == 200
        assert get(port)[0] == 200


def test_unhealthy_when_a_thread_no_longer_turns() -> None:
    rig = settled()
    rig.exporter.watches[0].turned_at -= 1000
    with web(rig.exporter) as port:
        assert get(port, "/-/healthy")[0] == 503


def test_other_paths_and_methods(port: int) -> None:
    assert get(port, "/nothing")[0] == 404
    assert get(port, "/metrics?x=1")[0] == 200
    assert get(port, method="DELETE")[:1] == (405,)
    assert get(port, method="DELETE")[1]["allow"] == "GET, HEAD"
    assert get(port, method="POST", Content_Length="0")[0] == 405


def test_a_connection_serves_many_requests(port: int) -> None:
    one = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
    received = send(port, one + one + b"GET /-/ready HTTP/1.1\r\nConnection: close\r\n\r\n")

    assert received.count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\r\n\r\n", b"400"),
        (b"GET /metrics\r\n\r\n", b"400"),
        (b"GET /metrics HTTP/2.0\r\n\r\n", b"400"),
        (b"GET http://x/ HTTP/1.1\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", b"400"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 40_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.0\r\n\r\n", b"200"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_odd_requests(data: bytes, status: bytes, port: int) -> None:
    assert send(port, data).startswith(b"HTTP/1.1 " + status)


@rotation.examples(200)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_none(head: bytes) -> None:
    request = Request.parse(head)

    assert request is None or request.path.startswith("/")


def test_a_client_that_says_nothing_is_left_after_a_while(port: int) -> None:
    started = time.monotonic()

    assert send(port, b"GET /metrics HTT") == b""
    assert time.monotonic() - started < 4


def test_clients_that_go_away_do_no_harm(port: int) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    assert get(port)[0] == 200


def _status(port: int) -> int:
    """The status, or 0 if the connection was closed before the request could be sent."""
    try:
        return get(port)[0]
    except OSError:
        return 0


@pytest.mark.parametrize("most", [60, 30])
def test_clients_that_take_nothing_hold_up_nobody_and_are_left(rig: Rig, most: int) -> None:
    reset = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    with web(rig.exporter, most=most, take=0.5, idle=1.0) as port:
        lazy = []
        for _ in range(30):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            connection.sendall(b"GET /metrics HTTP/1.1\r\n\r\n" * 20)
            lazy.append(connection)
        started = time.monotonic()
        assert _status(port) in ((200,) if most > len(lazy) else (200, 503, 0))
        assert time.monotonic() - started < 3
        eventually(lambda: _status(port) == 200)
        for connection in lazy:
            connection.close()


def test_a_slow_client_gets_the_page_that_it_asked_for_whatever_is_made_meanwhile(rig: Rig) -> None:
    expected = rig.exporter.expositions.get(TEXT).plain()
    with web(rig.exporter) as port, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port))
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        got = connection.recv(1000)
        for _ in range(3):
            rig.exporter.expositions.refresh()
        while piece := connection.recv(1 << 16):
            got += piece

    assert got.partition(b"\r\n\r\n")[2] == expected


def test_where_the_kernel_cannot_send_from_a_file_the_page_arrives_all_the_same(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no(*_: object, **__: object) -> int:
        raise asyncio.SendfileNotAvailableError

    monkeypatch.setattr(asyncio.BaseEventLoop, "sendfile", no)
    with web(rig.exporter) as port:
        assert get(port)[2] == rig.exporter.expositions.get(TEXT).plain()


@pytest.mark.parametrize("limit", ["most", "each"])
def test_the_client_that_has_been_silent_for_longest_makes_room(rig: Rig, limit: str) -> None:
    with web(rig.exporter, None, **{limit: 3}) as port:
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
        time.sleep(0.1)
        kept.request("GET", "/-/healthy")
        assert kept.getresponse().read() == b"yes\n"
        for _ in range(5):
            assert get(port)[0] == 200
            time.sleep(0.05)
        assert silent[0].recv(1) == b""
        kept.request("GET", "/-/healthy")
        assert kept.getresponse().status == 200, "it was served later than the silent ones came"
        kept.close()
        for connection in silent:
            connection.close()
        assert rig.exporter.snapshots.own.closed["evicted"] > 0


def test_clients_that_are_being_served_do_not_make_room(rig: Rig) -> None:
    with web(rig.exporter, most=2) as port:
        lazy = []
        for _ in range(2):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", port))
            connection.sendall(b"GET /metrics HTTP/1.1\r\n\r\n" * 40)
            lazy.append(connection)
        time.sleep(0.3)
        assert send(port, b"").startswith(b"HTTP/1.1 503")
        time.sleep(2)
        assert get(port)[0] == 200, "after two seconds they do"
        for connection in lazy:
            connection.close()


def test_a_head_that_trickles_in_has_a_deadline(rig: Rig) -> None:
    with web(rig.exporter, head=0.5) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        started = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - started < 5:
                connection.sendall(b"X")
                time.sleep(0.05)

        assert time.monotonic() - started < 2


def test_the_page_is_answered_while_silent_tls_clients_hold_all_connections(rig: Rig, tmp_path: Path) -> None:
    certificate, _ = make_certificate(tmp_path)
    (tmp_path / "web.yml").write_text("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n")
    client = ssl.create_default_context(cafile=str(certificate))
    with web(rig.exporter, load(tmp_path / "web.yml"), most=20) as port:
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
        assert get(port, tls=client)[0] == 200
        for connection in silent:
            connection.close()


def test_without_descriptors_a_silent_client_makes_room(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    with web(rig.exporter) as port:
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
        eventually(lambda: rig.exporter.snapshots.own.connections == 30)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        # The client's own descriptor is made first; then the server has none to accept with.
        waiting = socket.socket()
        free = os.open(os.devnull, os.O_RDONLY)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
        try:
            waiting.connect(("127.0.0.1", port))
            waiting.sendall(b"GET /-/healthy HTTP/1.0\r\n\r\n")
            waiting.settimeout(5)
            assert waiting.recv(100).startswith(b"HTTP/1.1 200")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for connection in (waiting, *silent):
            connection.close()
    assert caplog.text.count("cannot accept connections") == 1


def test_it_listens_on_ipv6_and_on_all_addresses() -> None:
    for host, addresses in (("", ("127.0.0.1", "::1")), ("::1", ("::1",)), ("127.0.0.1", ("127.0.0.1",))):
        sockets = tuple(listen(host, 0))
        port = sockets[0].getsockname()[1]
        for address in addresses:
            socket.create_connection((address, port), timeout=2).close()
        for one in sockets:
            one.close()


def test_fifty_scrapers_at_once_all_get_the_page(port: int, rig: Rig) -> None:
    expected = rig.exporter.expositions.get(TEXT).gzipped
    bodies: list[bytes] = []

    def scrape() -> None:
        bodies.append(get(port, Accept_Encoding="gzip")[2])

    threads = [threading.Thread(target=scrape) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert bodies == [expected] * 50


def test_passwords(rig: Rig) -> None:
    config = WebConfig(users=Users({"alice": HASH}), headers={"X-Frame-Options": "deny"})
    with web(rig.exporter, config) as port:
        for path in ("/metrics", "/", "/-/healthy", "/nothing"):
            status, headers, _ = get(port, path)
            assert (status, headers["www-authenticate"]) == (401, "Basic")
        assert get(port, Authorization=_basic("alice", "wrong"))[0] == 401
        assert get(port, Authorization=_basic("bob", "secret"))[0] == 401
        assert get(port, Authorization="Basic ???")[0] == 401
        assert get(port, Authorization="Bearer x")[0] == 401
        status, headers, _ = get(port, Authorization=_basic("alice", "secret"))
        assert (status, headers["x-frame-options"]) == (200, "deny")


def test_tls(rig: Rig, tmp_path: Path) -> None:
    certificate, _ = make_certificate(tmp_path)
    (tmp_path / "web.yml").write_text("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n")
    client = ssl.create_default_context(cafile=str(certificate))
    with web(rig.exporter, load(tmp_path / "web.yml")) as port:
        assert get(port, tls=client)[2] == rig.exporter.expositions.get(TEXT).plain()
        assert send(port, b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP") is False


def test_a_name_cannot_get_markup_into_the_landing_page() -> None:
    rig = settled()
    rig.account.name = "<script>alert(1)</script>"
    rig.exporter.publish(rig.account, "http://coolify:8080")
    with web(rig.exporter) as port:
        body = get(port, "/")[2]

    assert b"<script>" not in body
    assert b"&lt;script&gt;" in body
