"""One GET over real sockets: every misbehaviour of a server has a limit and a reason."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import socket
import ssl
import threading
import time
import tracemalloc
from pathlib import Path

import pytest
from support.certificate import make_certificate
from support.rawserver import raw_server

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.transport import HttpTransport, Limits, check_url

TOKEN = "1|abcdefghijklmnop"  # noqa: S105 - it opens nothing
QUICK = Limits(connect=1, read=0.3, total=0.6, body=1 << 20)
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}


def _get(url: str, limits: Limits = QUICK, **more: object) -> tuple[int, bytes]:
    with HttpTransport(url, limits, **more)("/api/v1/version", HEADERS) as reply:  # type: ignore[arg-type]
        return reply.status, b"".join(reply.chunks)


def _failure(url: str, limits: Limits = QUICK, **more: object) -> Failure:
    with pytest.raises(Failure) as caught:
        _get(url, limits, **more)
    assert TOKEN not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    return caught.value


def _answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def test_an_answer_is_read_and_the_request_is_plain() -> None:
    with raw_server(_answer(b"4.3.11")) as server:
        assert _get(server.url + "/base/") == (200, b"4.3.11")
    head = server.heads[0].decode()

    assert head.startswith("GET /base/api/v1/version HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n" in head
    assert f"Authorization: Bearer {TOKEN}\r\n" in head
    assert "Accept-Encoding: identity" in head


def test_chunks_are_put_together() -> None:
    body = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n4.3\r\n3\r\n.11\r\n0\r\n\r\n"
    with raw_server(body) as server:
        assert _get(server.url) == (200, b"4.3.11")


def test_an_answer_without_length_ends_with_the_connection() -> None:
    with raw_server(b"HTTP/1.0 200 OK\r\n\r\n4.3.11") as server:
        assert _get(server.url) == (200, b"4.3.11")


def test_a_redirect_comes_back_as_it_is_and_nobody_else_sees_the_token() -> None:
    with (
        raw_server(_answer(b"")) as other,
        raw_server(_answer(b"", f"Location: {other.url}/api/v1/version", status="302 Found")) as server,
    ):
        assert _get(server.url)[0] == 302

    assert other.heads == []


@pytest.mark.parametrize(
    ("bytes_sent", "reason", "code"),
    [
        (b"", names.UNREACHABLE, "reset"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", names.BAD_PAYLOAD, "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", names.BAD_PAYLOAD, "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab", names.BAD_PAYLOAD, "truncated"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", names.BAD_PAYLOAD, "not_http"),
        (b"HTTP/1.1 two hundred\r\n\r\n", names.BAD_PAYLOAD, "not_http"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", names.BAD_PAYLOAD, "not_http"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n", names.BAD_PAYLOAD, "not_http"),
        (_answer(b"\x1f\x8b....", "Content-Encoding: gzip"), names.BAD_PAYLOAD, "200"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", names.BAD_PAYLOAD, "too_large"),
    ],
)
def test_broken_answers(bytes_sent: bytes, reason: str, code: str) -> None:
    with raw_server(bytes_sent) as server:
        failure = _failure(server.url)

    assert (failure.reason, failure.code) == (reason, code)


def test_a_hundred_megabytes_are_cut_off_at_the_limit_in_little_memory() -> None:
    piece = b"x" * (1 << 20)
    sent = 0

    def serve(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            connection.sendall(piece)
            sent += len(piece)

    limits = Limits(body=8 << 20)
    with raw_server(serve) as server:
        tracemalloc.start()
        try:
            with pytest.raises(Failure) as caught, HttpTransport(server.url, limits)("/", HEADERS) as reply:
                for _ in reply.chunks:
                    pass
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert caught.value.code == "too_large"
    assert sent < 30 << 20
    assert peak < 3 << 20


def test_silence_is_given_up_after_the_read_time_out() -> None:
    release = threading.Event()

    def serve(_: socket.socket) -> None:
        release.wait(5)

    with raw_server(serve) as server:
        started = time.monotonic()
        failure = _failure(server.url)
        release.set()

    assert (failure.reason, failure.code) == (names.UNREACHABLE, "timeout")
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("where", ["head", "body"])
def test_an_answer_that_drips_is_given_up_after_the_total_time(where: str) -> None:
    def serve(connection: socket.socket) -> None:
        if where == "body":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.02)

    with raw_server(serve) as server:
        started = time.monotonic()
        failure = _failure(server.url)

    assert (failure.reason, failure.code) == (names.UNREACHABLE, "timeout")
    assert 0.5 < time.monotonic() - started < 2


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    failure = _failure(f"http://127.0.0.1:{port}")

    assert (failure.reason, failure.code, failure.account_wide) == (names.UNREACHABLE, "refused", True)


def test_a_connection_that_is_reset() -> None:
    def serve(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    with raw_server(serve) as server:
        failure = _failure(server.url)

    assert (failure.reason, failure.code) == (names.UNREACHABLE, "reset")


def test_a_host_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert _failure("http://coolify:8080").code == "dns"


@pytest.mark.parametrize(
    ("error", "code"), [(TimeoutError(), "connect_timeout"), (OSError(113, "No route to host"), "no_route")]
)
def test_a_connection_that_does_not_come_about(error: OSError, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "create_connection", broken)

    assert (_failure("http://coolify:8080").code, _failure("http://coolify:8080").account_wide) == (code, True)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(_answer(b"mine")) as proxy, raw_server(_answer(b"4.3.11")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy.url)

        assert _get(server.url) == (200, b"4.3.11")
    assert proxy.heads == []


def test_a_proxy_that_is_given_is_used() -> None:
    with raw_server(_answer(b"4.3.11")) as proxy:
        assert _get("http://coolify:8080", proxy=proxy.url) == (200, b"4.3.11")

    assert proxy.heads[0].startswith(b"GET http://coolify:8080/api/v1/version HTTP/1.1\r\nHost: coolify:8080\r\n")


def test_https_goes_through_a_proxy_by_tunnel_and_the_proxy_sees_no_token() -> None:
    with raw_server(b"HTTP/1.1 502 Bad Gateway\r\n\r\n") as proxy:
        failure = _failure("https://coolify.example", proxy=proxy.url)

    assert failure.reason == names.UNREACHABLE
    assert proxy.heads[0].startswith(b"CONNECT coolify.example:443 HTTP/1.")
    assert TOKEN.encode() not in proxy.heads[0]


def test_a_proxy_that_refuses_the_tunnel_is_let_go_at_once() -> None:
    """The connection is closed although the error is kept, which the exporter exposes until Coolify answers again."""
    let_go = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
        if connection.recv(1) == b"":
            let_go.set()

    with raw_server(serve) as proxy:
        failure = _failure("https://coolify.example", proxy=proxy.url)

        assert let_go.wait(5)
    assert failure.reason == names.UNREACHABLE


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


def _tls_server(certificate: tuple[Path, Path]) -> tuple[socket.socket, threading.Thread]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(4096)
                secure.sendall(_answer(b"4.3.11"))
        except OSError:
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return listener, thread


def test_a_private_authority_is_trusted_when_it_is_given(certificate: tuple[Path, Path]) -> None:
    listener, thread = _tls_server(certificate)
    with listener:
        url = f"https://localhost:{listener.getsockname()[1]}"
        assert _get(url, Limits(), ca_file=certificate[0]) == (200, b"4.3.11")
        thread.join(5)


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: tuple[Path, Path]) -> None:
    listener, thread = _tls_server(certificate)
    with listener:
        failure = _failure(f"https://localhost:{listener.getsockname()[1]}", Limits())
        thread.join(5)

    assert (failure.reason, failure.code) == (names.UNREACHABLE, "tls")
    assert "not trusted" in str(failure)


def test_plain_http_behind_https_is_a_tls_failure() -> None:
    with raw_server(_answer(b"4.3.11")) as server:
        failure = _failure(server.url.replace("http:", "https:"))

    assert failure.code in ("tls", "connect_timeout")


@pytest.mark.parametrize(
    "url",
    [
        "coolify:8080",
        "ftp://coolify",
        "http://",
        "http://user:pass@coolify",
        "http://coolify?x=1",
        "http://coolify#x",
        "http://coolify:port",
        "http://coolify/a b",
        "http://coolify/\r\nX: y",
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|[Pp]ort"):
        check_url(url)
