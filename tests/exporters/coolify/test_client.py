"""The API client: its requests, its counters, and what it learns from headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from support.coolify import NOON, HandClock

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.client import Api, Counts
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.rate_limiter import RateLimiter
from boxwatch.exporters.coolify.secret import FixedToken
from boxwatch.exporters.coolify.transport import Reply

# ruff: noqa: D103 - the names of the tests are sentences


class Canned:
    """Always answers the same, and records its requests."""

    def __init__(self, status: int, *chunks: bytes | Failure, **headers: str) -> None:
        """Chunks that are failures are raised."""
        self._reply = (status, chunks, {name.replace("_", "-"): value for name, value in headers.items()})
        self.sent: list[tuple[str, Mapping[str, str]]] = []

    @contextmanager
    def __call__(self, path: str, headers: Mapping[str, str]) -> Iterator[Reply]:
        """Answer one GET."""
        self.sent.append((path, headers))
        status, chunks, more = self._reply

        def body() -> Iterator[bytes]:
            for chunk in chunks:
                if isinstance(chunk, Failure):
                    raise chunk
                yield chunk

        yield Reply(status, more, body())


def _api(transport: Canned, token: str = "1|abcdefghijklmnop") -> Api:  # noqa: S107 - it opens nothing
    clock = HandClock().clock()
    return Api(transport, FixedToken(token), RateLimiter(60, clock), clock, Counts())


def test_what_is_sent() -> None:
    transport = Canned(200, b'{"count": 0, "deployments": []}')
    _api(transport).records("history", "/deployments/applications/{uuid}", lambda _: 1, uuid="a1", page=(10, 50))
    path, headers = transport.sent[0]

    assert path == "/api/v1/deployments/applications/a1?skip=10&take=50"
    assert headers["Accept"] == "application/json"
    assert headers["Authorization"] == "Bearer 1|abcdefghijklmnop"


def test_requests_are_counted_by_endpoint_and_outcome() -> None:
    api = _api(Canned(200, b"4.3.11"))
    api.line("/version")
    broken = _api(Canned(200, b"[", Failure(names.BAD_PAYLOAD, "truncated", "")))
    with pytest.raises(Failure):
        broken.records("servers", "/servers", lambda _: 1)

    assert dict(api.counts.requests) == {("/version", "200"): 1}
    assert dict(broken.counts.requests) == {("/servers", "truncated"): 1}


def test_an_error_that_cannot_be_read_whole_is_still_that_error() -> None:
    long = _api(Canned(500, *[b"x" * 9000] * 100))
    cut = _api(Canned(403, b'{"mess', Failure(names.UNREACHABLE, "reset", "")))

    for api, reason in ((long, names.SERVER_ERROR), (cut, names.FORBIDDEN)):
        with pytest.raises(Failure) as caught:
            api.line("/version")
        assert caught.value.reason == reason


def test_without_a_token_nothing_is_sent() -> None:
    transport = Canned(200, b"4.3.11")
    with pytest.raises(Failure) as caught:
        _api(transport, "").line("/version")

    assert caught.value.reason == names.NO_TOKEN
    assert transport.sent == []


def test_coolifys_clock_is_learned() -> None:
    api = _api(Canned(200, b"4.3.11", date="Sat, 22 Aug 2026 13:00:00 GMT"))
    assert api.now() == NOON
    api.line("/version")

    assert api.now() == NOON + 3600
