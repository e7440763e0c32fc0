"""Requests to one server: every one bounded in time and size, retried where that is safe, secrets never shown.

The standard library's http.client is enough for a few requests to one server. It follows no redirect, so credentials
reach no other host, and it gives us the socket, so that a time-out can cover the whole answer: a limit for each read
would let a server that sends a byte now and then hold us for ever.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import random
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from boxwatch.errors import PublishError
from boxwatch.publish import proxy, retry_after
from boxwatch.publish.proxy import Proxy

# Answers after which the same request may be sent again: the server is busy or starting, or a proxy lost it.
_BUSY = frozenset({429, 502, 503, 504})
_ATTEMPTS = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
# More than the rules of any server; it keeps a hostile answer from filling memory.
_LARGEST = 64 * 2**20
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What proves who we are. It is not in the repr, and `hide` takes it out of any text.

    Attributes:
        authorization: the header's value; empty for none.
        secrets: the texts that must not be shown.
    """

    authorization: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def basic(cls, username: str, password: str) -> Credentials:
        """Basic authentication."""
        pair = base64.b64encode(f"{username}:{password}".encode()).decode()
        return cls(f"Basic {pair}", (pair, password))

    @classmethod
    def bearer(cls, token: str) -> Credentials:
        """A bearer token.

        Raises:
            PublishError: it cannot be sent in a header.
        """
        if not token.isascii() or not token.isprintable() or " " in token:
            raise PublishError("the token has signs that no token has: is it the right file?")
        return cls(f"Bearer {token}", (token,))

    def hide(self, text: str) -> str:
        """The text without secrets, should a server send them back."""
        for secret in self.secrets:
            text = text.replace(secret, "***") if secret else text
        return text


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Client:
    """One server, by the URL that the user gave."""

    def __init__(
        self,
        url: str,
        credentials: Credentials | None = None,
        ca: Path | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing is sent yet.

        Args:
            url: with a path where the server lives under one.
            credentials: none, basic or bearer.
            ca: certificates to trust instead of the system's.
            headers: sent with every request, such as a tenant's name, or the type of bodies that are no YAML.

        Raises:
            PublishError: the URL, the certificates or the proxy of the environment cannot be used.
        """
        try:
            parts = urllib.parse.urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise PublishError("the URL of the server cannot be read: write http://HOST:PORT") from error
        if parts.username is not None or parts.password is not None:
            raise PublishError(
                "the URL has a name or a password in it, which others can read in the list of processes: "
                "give them by file or environment"
            )
        if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment:
            raise PublishError(f"{url} is not the URL of a server: write http://HOST:PORT or https://HOST:PORT")
        self._host, self._port = parts.hostname, port or _PORTS[parts.scheme]
        self._path = parts.path.rstrip("/")
        self.url = f"{parts.scheme}://{parts.netloc}{self._path}"
        self._tls = _context(ca) if parts.scheme == "https" else None
        self._proxy = proxy.between(parts.scheme, self._host)
        given = credentials or Credentials()
        self._credentials = replace(given, secrets=(*given.secrets, *(self._proxy.secrets if self._proxy else ())))
        self._headers = {"Accept": "application/json", "User-Agent": "boxwatch", "Connection": "close"}
        self._headers |= {**(headers or {}), **({"Authorization": given.authorization} if given.authorization else {})}

    def ask(
        self, method: str, path: str, patience: float, attempts: int = _ATTEMPTS, body: bytes | None = None
    ) -> Answer:
        """Send a request that may be sent twice, until it is answered. Any status but "busy" is an answer.

        Args:
            method: GET, or another where doing it twice does no harm.
            path: below the URL.
            patience: seconds for all of it.
            attempts: how often it is sent at most.
            body: YAML.

        Raises:
            PublishError: there was no whole answer.
        """
        end = time.monotonic() + patience
        for attempt in range(1, attempts + 1):
            pause = random.uniform(0.5, 1) * min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)  # noqa: S311 - only jitter
            try:
                answer = self._send(method, path, body, end - time.monotonic(), patience)
                if answer.status not in _BUSY:
                    return answer
                problem = f"answered {answer.status}{self.said(answer)}"
                pause = max(pause, retry_after.seconds(answer.headers.get("retry-after")) or 0)
            except (OSError, http.client.HTTPException, ValueError) as error:
                problem = _reason(error)
            if attempt == attempts or time.monotonic() + pause >= end:
                break
            time.sleep(pause)
        raise PublishError(f"{method} {self.url}{path}: {self._credentials.hide(problem)}")

    def said(self, answer: Answer) -> str:
        """What a server wrote into an answer that is none of ours, on one line and without secrets: `: text`."""
        text = " ".join(answer.body[:2000].decode(errors="replace").split())
        return f": {self._credentials.hide(text)}" if text and not text.startswith("<") else ""

    def _send(self, method: str, path: str, body: bytes | None, seconds: float, patience: float) -> Answer:
        """Once.

        Raises:
            TimeoutError: the whole answer was not there in time.
            OSError, http.client.HTTPException: it never came, or was cut off.
        """
        late = TimeoutError(f"no whole answer within {patience:g} s")
        if seconds <= 0:
            raise late
        connection = self._connection(seconds)
        end = time.monotonic() + seconds
        with contextlib.closing(connection):
            connection.connect()
            watchdog = threading.Timer(max(0, end - time.monotonic()), _cut, [connection.sock])
            watchdog.start()
            try:
                answer = self._exchange(connection, method, path, body)
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() >= end:
                    raise late from error
                raise
            finally:
                watchdog.cancel()
                watchdog.join()
        # A response without a length ends with the connection, so one that was cut off looks whole.
        if time.monotonic() >= end:
            raise late
        return answer

    def _connection(self, seconds: float) -> http.client.HTTPConnection:
        between = self._proxy
        host, port = (between.host, between.port) if between else (self._host, self._port)
        if not self._tls:
            return http.client.HTTPConnection(host, port, timeout=seconds)
        connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=self._tls)
        if between:
            # The proxy sees where to, and nothing else.
            connection.set_tunnel(self._host, self._port, _login(between))
        return connection

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, path: str, content: bytes | None
    ) -> Answer:
        headers = {"Content-Type": "application/yaml", **self._headers} if content is not None else self._headers
        target = self._path + path
        if self._proxy and not self._tls:
            target, headers = self.url + path, headers | _login(self._proxy)
        connection.request(method, target, body=content, headers=headers)
        with connection.getresponse() as response:
            body = response.read(_LARGEST + 1)
            if len(body) > _LARGEST:
                raise http.client.HTTPException(f"the answer is larger than {_LARGEST >> 20} MB")
            # A read with a limit does not complain about an answer that ends too early.
            expected = response.headers.get("Content-Length", "")
            if expected.isdecimal() and len(body) < int(expected):
                raise http.client.IncompleteRead(body, int(expected) - len(body))
            return Answer(response.status, body, {key.lower(): value for key, value in response.headers.items()})


def _context(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        raise PublishError(f"{ca} holds no certificates that can be used: {_reason(error)}") from error


def _cut(connected: socket.socket) -> None:
    # Closing would leave the other thread in its read; shutting down wakes it.
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _login(between: Proxy) -> dict[str, str]:
    return {"Proxy-Authorization": between.login} if between.login else {}


def _reason(error: Exception) -> str:
    if isinstance(error, http.client.HTTPException):
        return f"the answer was cut off or is no HTTP ({type(error).__name__})"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)
