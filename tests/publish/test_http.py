"""Requests are bounded in time and size, retried where that is safe, and never reveal a secret."""

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
def test_transient_faults_are_retried(server: StandIn, fault: str) -> None:
    """A transient fault is retried until the server responds."""
    server.faults[RULES] = [fault, fault]

    assert Client(server.url).request("GET", RULES, 5).status == 200
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("fault", "said"),
    {
        "busy": "answered 503: Service Unavailable",
        "cut": r"the response was truncated or is not HTTP \(IncompleteRead\)",
        "empty": r"\(RemoteDisconnected\)",
        "garbage": r"\(BadStatusLine\)",
    }.items(),
)
def test_a_lasting_fault_is_reported(server: StandIn, fault: str, said: str) -> None:
    """The error follows after five attempts."""
    server.faults[RULES] = [fault] * 9

    with pytest.raises(PublishError, match=said):
        Client(server.url).request("GET", RULES, 5)

    assert len(server.asked) == 5


@pytest.mark.parametrize("fault", ["silent", "drip"])
def test_a_server_that_is_slow_without_end_is_left_in_time(server: StandIn, fault: str) -> None:
    """A server that sends a byte now and then does not block us."""
    server.faults[RULES] = [fault] * 9
    begin = time.monotonic()

    with pytest.raises(PublishError, match=r"no complete response within 0\.3 s"):
        Client(server.url).request("GET", RULES, 0.3)

    assert time.monotonic() - begin < 1


def test_without_time_left_no_request_is_sent(server: StandIn) -> None:
    """A request without time left is never sent."""
    with pytest.raises(PublishError, match="no complete response within 0 s"):
        Client(server.url).request("GET", RULES, 0)

    assert server.asked == []


def test_a_server_says_when_to_come_back(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Retry-After` is honoured; if it exceeds the timeout, there is no retry."""
    monkeypatch.setattr(retry_after, "seconds", lambda header: 60.0 if header == "0" else None)
    server.faults[RULES] = ["busy"]

    with pytest.raises(PublishError, match="answered 503"):
        Client(server.url).request("GET", RULES, 5)

    assert len(server.asked) == 1


def test_an_answer_without_end_is_refused(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would fill memory."""
    monkeypatch.setattr(http, "_LARGEST", 5)

    with pytest.raises(PublishError, match="truncated or is not HTTP"):
        Client(server.url).request("GET", RULES, 5)


def test_a_server_below_a_path_is_asked_there(server: StandIn) -> None:
    """As for a server behind a proxy."""
    Client(f"{server.url}/prometheus/").request("POST", RELOAD, 5)

    assert server.asked == ["POST /prometheus/-/reload"]


@pytest.mark.parametrize(
    ("url", "said"),
    {
        "localhost:9090": "localhost:9090 is not a server's URL",
        "ftp://host": "is not a server's URL",
        "http://": "is not a server's URL",
        "http://host/?a=1": "is not a server's URL",
        "http://host:port": "the server's URL is invalid",
        "http://me:secret@host": "contains a user name or password",
    }.items(),
)
def test_an_invalid_url_is_refused(url: str, said: str) -> None:
    """The URL is not shown if it may contain a password."""
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
def test_credentials_are_sent_and_never_shown(server: StandIn, credentials: Credentials, header: str) -> None:
    """Not even if the server echoes it."""
    server.faults[RULES] = ["who"]
    client = Client(server.url, credentials)

    answer = client.request("GET", RULES, 5)

    assert server.sent == [header]
    assert client.server_message(answer).endswith("***")
    assert "s3cret" not in f"{credentials!r} {client.server_message(answer)}"
    assert header.split()[1] not in f"{credentials!r} {client.server_message(answer)}"


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "ünïcode"])
def test_an_invalid_token_is_refused(token: str) -> None:
    """It would break the header, or comes from the wrong file."""
    with pytest.raises(PublishError, match="the token contains characters that no token has") as caught:
        Credentials.bearer(token)

    assert token not in str(caught.value)


def test_a_page_for_people_is_not_quoted(server: StandIn) -> None:
    """HTML is useless in an error message."""
    server.faults[RULES] = ["html"]
    client = Client(server.url)

    assert client.server_message(client.request("GET", RULES, 5)) == ""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]) -> tuple[Path, Path]:
    """(certificate, key) of 127.0.0.1, self-signed."""
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
    """A private CA is trusted only if it is given."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    with prometheus(tmp_path, tls) as server:
        assert Client(server.url, ca=certificate[0]).request("GET", RULES, 5).status == 200
        with pytest.raises(PublishError, match="certificate verify failed"):
            Client(server.url).request("GET", RULES, 5, attempts=1)


def test_invalid_certificates_are_refused(tmp_path: Path) -> None:
    """The error names the file."""
    (tmp_path / "ca.pem").write_text("none", encoding="utf-8")

    with pytest.raises(PublishError, match=r"ca\.pem contains no usable certificates"):
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

    with raw_server(drip) as server, pytest.raises(PublishError, match=r"no complete response within 0\.3 s"):
        Client(server.url).request("GET", "/", 0.3)


def test_a_response_without_a_length_that_ends_is_whole() -> None:
    """As HTTP/1.0 servers answer."""
    with raw_server(b"HTTP/1.0 200 OK\r\n\r\nwhole") as server:
        assert Client(server.url).request("GET", "/", 5).body == b"whole"
