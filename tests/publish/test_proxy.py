"""Requests go through the proxy that the environment names."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificate import make_certificate
from support.rawserver import raw_server
from support.stand_in import RULES, prometheus

from boxwatch.errors import PublishError
from boxwatch.publish import proxy
from boxwatch.publish.http import Client, Credentials

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_request_goes_to_the_proxy_with_the_whole_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy receives its own login (`me` with `p@ss`), not the server's."""
    with raw_server(_ANSWER) as between:
        monkeypatch.setenv("http_proxy", between.url.replace("://", "://me:p%40ss@"))
        assert (
            Client("http://prometheus.test:9090/prom", Credentials.bearer("t")).request("GET", RULES, 5).status == 200
        )

        head = between.heads[0]
    assert head.startswith(b"GET http://prometheus.test:9090/prom/api/v1/rules HTTP/1.1\r\n")
    assert b"\r\nHost: prometheus.test:9090\r\n" in head
    assert b"\r\nProxy-Authorization: Basic bWU6cEBzcw==\r\n" in head
    assert b"\r\nAuthorization: Bearer t\r\n" in head


def test_hosts_in_no_proxy_are_reached_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy receives no request."""
    with raw_server(_ANSWER) as between, raw_server(_ANSWER) as server:
        monkeypatch.setenv("http_proxy", between.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        Client(server.url).request("GET", RULES, 5)

        assert (len(between.heads), len(server.heads)) == (0, 1)


@contextlib.contextmanager
def _tunnel() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that accepts CONNECT; yields its URL and the requests received before the tunnel."""
    heard: list[bytes] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def serve(inner: socket.socket) -> None:
        host, port = between.heads[-1].split()[1].decode().rsplit(":", 1)
        heard.append(between.heads[-1])
        with socket.create_connection((host, int(port))) as outer:
            inner.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(outer, inner), daemon=True)
            back.start()
            pump(inner, outer)
            back.join(5)

    with raw_server(serve) as between:
        yield between.url, heard


def test_tls_goes_through_a_tunnel_with_a_private_authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The proxy sees the server's name, but neither path nor token."""
    certificate, key = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    (tmp_path / "rules").mkdir()
    with prometheus(tmp_path / "rules", context) as server, _tunnel() as (address, heard):
        monkeypatch.setenv("https_proxy", address.replace("://", "://me:pw@"))
        client = Client(server.url, Credentials.bearer("s3cret"), certificate)

        assert client.request("GET", RULES, 5).status == 200
        assert server.sent == ["Bearer s3cret"]
        with pytest.raises(PublishError, match="certificate"):
            Client(server.url).request("GET", RULES, 5, attempts=1)
    assert heard[0].startswith(b"CONNECT 127.0.0.1:")
    assert b"Proxy-Authorization: Basic bWU6cHc=" in heard[0]
    assert b"s3cret" not in b"".join(heard)


def test_a_proxy_that_refuses_is_said_without_its_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the proxy echoes it."""
    refusal = b"HTTP/1.1 407 go away me:hunter22 bWU6aHVudGVyMjI=\r\nContent-Length: 0\r\n\r\n"
    with raw_server(refusal) as between:
        monkeypatch.setenv("https_proxy", between.url.replace("://", "://me:hunter22@"))
        with pytest.raises(PublishError, match="407") as caught:
            Client("https://prometheus.test").request("GET", RULES, 5, attempts=1)

    assert not [text for text in ("hunter22", "bWU6aHVudGVyMjI=") if text in str(caught.value)]


@pytest.mark.parametrize(
    "address", ["socks5://h:1080", "https://me:hunter22@h:1", "http://:1", "http://h:0", "http://h:x"]
)
def test_a_proxy_that_cannot_be_used_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """It may contain a password."""
    monkeypatch.setenv("http_proxy", address)

    with pytest.raises(PublishError, match=r"^HTTP_PROXY is not the address of an HTTP proxy") as caught:
        proxy.for_server("http", "h")
    assert "hunter22" not in str(caught.value)


def test_a_proxy_may_be_given_without_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy without scheme is accepted, as by curl; its login is not in the repr."""
    monkeypatch.setenv("http_proxy", "me:hunter22@proxy.test")
    found = proxy.for_server("http", "h")

    assert found is not None
    assert (found.host, found.port, "hunter22" in repr(found)) == ("proxy.test", 3128, False)
