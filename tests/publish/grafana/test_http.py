"""Requests to Grafana: timeouts, retries, and no token in any text."""

from __future__ import annotations

import re

import pytest
import urllib3
from support.grafana import TOKEN, Grafana

from boxwatch.errors import PublishError
from boxwatch.publish import retry_after
from boxwatch.publish.grafana import http
from boxwatch.publish.grafana.http import TRIES, Access, Http


def test_a_busy_server_is_asked_again_when_it_says(server: Grafana) -> None:
    """`Retry-After` in seconds is honoured."""
    server.faults = {1: 429}
    server.retry_after = "7"
    pauses: list[float] = []
    said: list[str] = []

    answer = Http(Access(server.url, TOKEN), pause=pauses.append, say=said.append).send("GET", "/api/folders")

    assert (answer.status, pauses) == (200, [7.0])
    assert said[-1] == "GET /api/folders → 200"


def test_a_busy_server_may_name_a_date(server: Grafana, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other form of `Retry-After`."""
    server.faults = {1: 429}
    server.retry_after = "Wed, 21 Oct 2026 07:28:00 GMT"
    monkeypatch.setattr(retry_after, "seconds", lambda header: {server.retry_after: 9.0}[header])
    pauses: list[float] = []

    Http(Access(server.url, TOKEN), pause=pauses.append).send("GET", "/api/folders")

    assert pauses == [9.0]


def test_nobody_waits_longer_than_a_minute(server: Grafana) -> None:
    """Whatever the server says."""
    server.faults = {1: 429}
    server.retry_after = "86400"
    pauses: list[float] = []

    Http(Access(server.url, TOKEN), pause=pauses.append).send("GET", "/api/folders")

    assert pauses == [60.0]


def test_pauses_grow_and_vary(server: Grafana) -> None:
    """Half to one and a half times 0.25, 0.5, 1 and 2 seconds; then the error follows."""
    server.faults = dict.fromkeys(range(1, 9), 503)
    pauses: list[float] = []

    with pytest.raises(PublishError, match=r"responded 503, 5 times: check that it is running"):
        Http(Access(server.url, TOKEN), pause=pauses.append).send("GET", "/api/folders")
    assert len(pauses) == TRIES - 1
    assert all(0.5 <= pause / (0.25 * 2**turn) <= 1.5 for turn, pause in enumerate(pauses))


@pytest.mark.parametrize(
    ("fault", "words"), [("slow", "did not respond within 0.2 s"), ("cut", "closed the connection")]
)
def test_a_server_that_does_not_answer_is_given_up(server: Grafana, fault: str, words: str) -> None:
    """The error is in our own words."""
    server.faults = dict.fromkeys(range(1, 9), fault)

    with pytest.raises(PublishError, match=re.escape(words)):
        Http(Access(server.url, TOKEN, timeout=0.2), pause=lambda _: None).send("GET", "/api/folders")


def test_an_unreachable_server_is_reported() -> None:
    """Port 1 of loopback has no listener."""
    with pytest.raises(PublishError, match="cannot be reached"):
        Http(Access("http://127.0.0.1:1", TOKEN), pause=lambda _: None).send("GET", "/")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (urllib3.exceptions.SSLError("x"), "--ca-file"),
        (urllib3.exceptions.ProxyError("x", OSError()), "proxy"),
    ],
)
def test_certificates_and_proxies_have_their_words(error: urllib3.exceptions.HTTPError, words: str) -> None:
    """The library's text is left out."""
    assert words in http._plain(error, Access("http://x", TOKEN))  # noqa: SLF001


def test_a_redirect_is_not_followed(server: Grafana) -> None:
    """The token is for one server only."""
    server.faults = {1: 302}

    with pytest.raises(PublishError, match="redirects elsewhere"):
        Http(Access(server.url, TOKEN)).send("GET", "/")
    assert len(server.requests) == 1


def test_a_server_that_is_not_grafana_is_reported() -> None:
    """A page of HTML with status 200."""
    with pytest.raises(PublishError, match="other than JSON"):
        http._read(urllib3.HTTPResponse(b"<html>", status=200), "http://x")  # noqa: SLF001
    assert http._read(urllib3.HTTPResponse(b"<html>", status=500), "http://x").message == ""  # noqa: SLF001


@pytest.mark.parametrize("url", ["grafana.example.com", "ftp://x", "https://", "https://me:pw@x"])
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    """The error does not repeat a password."""
    with pytest.raises(PublishError) as caught:
        Access(url, TOKEN)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "glsa\nx", "two words", "schlüssel"])
def test_a_token_that_is_none_is_refused_without_being_shown(token: str) -> None:
    """It would break the header, and the library's error would show it."""
    with pytest.raises(PublishError, match=r"^the token is empty or contains characters"):
        Access("http://x", token)


def test_the_token_is_in_no_representation() -> None:
    """A traceback may show the repr."""
    assert TOKEN not in repr(Access("http://x", TOKEN))


def test_a_proxy_of_the_environment_is_used(server: Grafana, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy receives its login, and no request for hosts in NO_PROXY."""
    monkeypatch.setenv("http_proxy", server.url.replace("://", "://me:pw@"))
    monkeypatch.setenv("no_proxy", "")
    Http(Access("http://grafana.example.com", TOKEN)).send("GET", "/api/folders")
    seen = len(server.requests)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Http(Access(server.url, TOKEN)).send("GET", "/api/folders")

    assert (seen, len(server.requests)) == (1, 2)
