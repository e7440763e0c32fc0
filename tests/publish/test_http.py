"""Requests are bounded, retried where that is safe, and never show a secret."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.rawserver import raw_server
from support.stand_in import RELOAD, RULES, StandIn, prometheus

from boxwatch.errors import PublishError
from boxwatch.publish import http, retry_after
from boxwatch.publish.http import Client, Credentials


@pytest.mark.parametrize("fault", ["busy", "cut", "empty", "garbage"])
def test_what_may_pass_is_asked_again(server: StandIn, fault: str) -> None:
    """Until it is answered."""
    server.faults[RULES] = [fault, fault]

    assert Client(server.url).ask("GET", RULES, 5).status == 200
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("fault", "said"),
    {
        "busy": "answered 503: Service Unavailable",
        "cut": r"the answer was cut off or is no HTTP \(IncompleteRead\)",
        "empty": r"\(RemoteDisconnected\)",
        "garbage": r"\(BadStatusLine\)",
    }.items(),
)
def test_what_does_not_pass_is_told(server: StandIn, fault: str, said: str) -> None:
    """After five attempts."""
    server.faults[RULES] = [fault] * 9

    with pytest.raises(PublishError, match=said):
        Client(server.url).ask("GET", RULES, 5)

    assert len(server.asked) == 5


@pytest.mark.parametrize("fault", ["silent", "drip"])
def test_a_server_that_is_slow_without_end_is_left_in_time(server: StandIn, fault: str) -> None:
    """A byte now and then does not keep us."""
    server.faults[RULES] = [fault] * 9
    begin = time.monotonic()

    with pytest.raises(PublishError, match=r"no whole answer within 0\.3 s"):
        Client(server.url).ask("GET", RULES, 0.3)

    assert time.monotonic() - begin < 1


def test_no_time_means_no_request(server: StandIn) -> None:
    """It is over before it begins."""
    with pytest.raises(PublishError, match="no whole answer within 0 s"):
        Client(server.url).ask("GET", RULES, 0)

    assert server.asked == []


def test_a_server_says_when_to_come_back(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Retry-After`; later than we wait means not at all."""
    monkeypatch.setattr(retry_after, "seconds", lambda header: 60.0 if header == "0" else None)
    server.faults[RULES] = ["busy"]

    with pytest.raises(PublishError, match="answered 503"):
        Client(server.url).ask("GET", RULES, 5)

    assert len(server.asked) == 1


def test_an_answer_without_end_is_refused(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would fill memory."""
    monkeypatch.setattr(http, "_LARGEST", 5)

    with pytest.raises(PublishError, match="cut off or is no HTTP"):
        Client(server.url).ask("GET", RULES, 5)


def test_a_server_below_a_path_is_asked_there(server: StandIn) -> None:
    """As behind a proxy."""
    Client(f"{server.url}/prometheus/").ask("POST", RELOAD, 5)

    assert server.asked == ["POST /prometheus/-/reload"]


@pytest.mark.parametrize(
    ("url", "said"),
    {
        "localhost:9090": "localhost:9090 is not the URL of a server",
        "ftp://host": "is not the URL of a server",
        "http://": "is not the URL of a server",
        "http://host/?a=1": "is not the URL of a server",
        "http://host:port": "the URL of the server cannot be read",
        "http://me:secret@host": "has a name or a password in it",
    }.items(),
)
def test_a_url_that_is_none_is_refused(url: str, said: str) -> None:
    """Without showing it where it may hold a password."""
    with pytest.raises(PublishError, match=said) as caught:
        Client(url)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        (Credentials.basic("me", "s3cret-pass"), "Basic bWU6czNjcmV0LXBhc3M="),
        (Credentials.bearer("s3cret-pass"), "Bearer s3cret-pass"),
    ],
    ids=["basic", "bearer"],
)
def test_who_we_are_is_sent_and_never_shown(server: StandIn, credentials: Credentials, header: str) -> None:
    """Not even when the server sends it back."""
    server.faults[RULES] = ["who"]
    client = Client(server.url, credentials)

    answer = client.ask("GET", RULES, 5)

    assert server.sent == [header]
    assert client.said(answer).endswith("***")
    assert "s3cret" not in f"{credentials!r} {client.said(answer)}"
    assert header.split()[1] not in f"{credentials!r} {client.said(answer)}"


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "ünïcode"])
def test_what_is_no_token_is_refused(token: str) -> None:
    """It would break the header, or is the wrong file."""
    with pytest.raises(PublishError, match="the token has signs that no token has") as caught:
        Credentials.bearer(token)

    assert token not in str(caught.value)


def test_a_page_for_people_is_not_quoted(server: StandIn) -> None:
    """HTML says nothing in an error."""
    server.faults[RULES] = ["html"]
    client = Client(server.url)

    assert client.said(client.ask("GET", RULES, 5)) == ""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]) -> tuple[Path, Path]:
    """(certificate, key) of 127.0.0.1, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    made = (folder / "cert.pem", folder / "key.pem")
    command = [
        program("openssl"),
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-out", str(made[0]), "-keyout", str(made[1]), "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    return made


def test_a_ca_of_ones_own_is_trusted_when_it_is_given(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    """And only then."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    with prometheus(tmp_path, tls) as server:
        assert Client(server.url, ca=certificate[0]).ask("GET", RULES, 5).status == 200
        with pytest.raises(PublishError, match="certificate verify failed"):
            Client(server.url).ask("GET", RULES, 5, attempts=1)


def test_certificates_that_are_none_are_refused(tmp_path: Path) -> None:
    """With their file."""
    (tmp_path / "ca.pem").write_text("none", encoding="utf-8")

    with pytest.raises(PublishError, match=r"ca\.pem holds no certificates that can be used"):
        Client("https://localhost", ca=tmp_path / "ca.pem")
    with pytest.raises(PublishError, match="No such file or directory"):
        Client("https://localhost", ca=tmp_path / "none.pem")


def test_a_response_without_a_length_that_does_not_end_in_time_is_none() -> None:
    """It ends with the connection, which we cut ourselves: what came until then is not the whole."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)

    with raw_server(drip) as server, pytest.raises(PublishError, match=r"no whole answer within 0\.3 s"):
        Client(server.url).ask("GET", "/", 0.3)


def test_a_response_without_a_length_that_ends_is_whole() -> None:
    """As HTTP/1.0 servers answer."""
    with raw_server(b"HTTP/1.0 200 OK\r\n\r\nwhole") as server:
        assert Client(server.url).ask("GET", "/", 5).body == b"whole"
