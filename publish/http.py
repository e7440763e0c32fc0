"""HTTP requests to one server: bounded in time and size, retried where that is safe, secrets never shown.

The standard library's http.client suffices for a few requests to one server. It follows no redirects, so credentials
reach no other host, and it exposes the socket, so that one timeout covers the whole response: a timeout per read would
let a server that sends a byte now and then block us forever.
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
from boxwatch.topology.wording import visible

# Statuses after which the request may be retried: the server is busy or starting, or a proxy lost it.
_BUSY = frozenset({429, 502, 503, 504})
_ATTEMPTS = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
# More than the rules of any server; protects memory from a hostile response.
_LARGEST = 64 * 2**20
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials of a server. They are not in the repr, and `hide` removes them from any text.

    Attributes:
        authorization: value of the Authorization header; empty for none.
        secrets: texts that must never be shown.
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
            PublishError: the token cannot be sent in a header.
        """
        if not token.isascii() or not token.isprintable() or " " in token:
            raise PublishError("the token contains characters that no token has: check that it is the right file")
        return cls(f"Bearer {token}", (token,))

    def hide(self, text: str) -> str:
        """The text with secrets masked, in case a server echoes them."""
        for secret in self.secrets:
            text = text.replace(secret, "***") if secret else text
        return text


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete response."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Client:
    """A client of one server, given by its URL."""

    def __init__(
        self,
        url: str,
        credentials: Credentials | None = None,
        ca: Path | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Create the client; nothing is sent yet.

        Args:
            url: with a path if the server is served under one.
            credentials: none, basic or bearer.
            ca: CA certificates to trust instead of the system's.
            headers: sent with every request, such as a tenant id, or the type of bodies that are no YAML.

        Raises:
            PublishError: the URL, the certificates or the environment's proxy cannot be used.
        """
        try:
            parts = urllib.parse.urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise PublishError("the server's URL is invalid: write http://HOST:PORT") from error
        if parts.username is not None or parts.password is not None:
            raise PublishError(
                "the URL contains a user name or password, visible to others in the process list: "
                "pass them by file or environment variable"
            )
        if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment:
            raise PublishError(f"{url} is not a server's URL: write http://HOST:PORT or https://HOST:PORT")
        self._host, self._port = parts.hostname, port or _PORTS[parts.scheme]
        self._path = parts.path.rstrip("/")
        self.url = f"{parts.scheme}://{parts.netloc}{self._path}"
        self._tls = _context(ca) if parts.scheme == "https" else None
        self._proxy = proxy.for_server(parts.scheme, self._host)
        given = credentials or Credentials()
        self._credentials = replace(given, secrets=(*given.secrets, *(self._proxy.secrets if self._proxy else ())))
        self._headers = {"Accept": "application/json", "User-Agent": "boxwatch", "Connection": "close"}
        self._headers |= {**(headers or {}), **({"Authorization": given.authorization} if given.authorization else {})}

    def request(
        self, method: str, path: str, timeout: float, attempts: int = _ATTEMPTS, body: bytes | None = None
    ) -> Answer:
        """Send an idempotent request, with retries. Returns the response unless its status means "busy".

        Args:
            method: GET, or another method that is safe to repeat.
            path: relative to the URL.
            timeout: seconds for all attempts together.
            attempts: maximum number of attempts.
            body: YAML.

        Raises:
            PublishError: no complete response arrived.
        """
        end = time.monotonic() + timeout
        for attempt in range(1, attempts + 1):
            pause = random.uniform(0.5, 1) * min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)  # noqa: S311 - only jitter
            try:
                answer = self._send(method, path, body, end - time.monotonic(), timeout)
                if answer.status not in _BUSY:
                    return answer
                problem = f"answered {answer.status}{self.server_message(answer)}"
                pause = max(pause, retry_after.seconds(answer.headers.get("retry-after")) or 0)
            except (OSError, http.client.HTTPException, ValueError) as error:
                problem = _reason(error)
            if attempt == attempts or time.monotonic() + pause >= end:
                break
            time.sleep(pause)
        raise PublishError(f"{method} {self.url}{path}: {self._credentials.hide(problem)}")

    def hide(self, text: str) -> str:
        """A text of the server's without our secrets and control characters: it may quote what it was sent."""
        return self._credentials.hide(visible(text))

    def server_message(self, answer: Answer) -> str:
        """The body of an unexpected response, on one line and without secrets: `: text`. HTML pages are omitted."""
        text = " ".join(answer.body[:2000].decode(errors="replace").split())
        return f": {self._credentials.hide(text)}" if text and not text.startswith("<") else ""

    def _send(self, method: str, path: str, body: bytes | None, seconds: float, timeout: float) -> Answer:
        """Send one attempt.

        Raises:
            TimeoutError: no complete response in time.
            OSError, http.client.HTTPException: no response, or a truncated one.
        """
        late = TimeoutError(f"no complete response within {timeout:g} s")
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
        via = self._proxy
        host, port = (via.host, via.port) if via else (self._host, self._port)
        if not self._tls:
            return http.client.HTTPConnection(host, port, timeout=seconds)
        connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=self._tls)
        if via:
            # The proxy sees the destination and nothing else.
            connection.set_tunnel(self._host, self._port, _login(via))
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
                raise http.client.HTTPException(f"the response exceeds {_LARGEST >> 20} MB")
            # A limited read does not notice a truncated response.
            expected = response.headers.get("Content-Length", "")
            if expected.isdecimal() and len(body) < int(expected):
                raise http.client.IncompleteRead(body, int(expected) - len(body))
            return Answer(response.status, body, {key.lower(): value for key, value in response.headers.items()})


def _context(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        raise PublishError(f"{ca} contains no usable certificates: {_reason(error)}") from error


def _cut(connected: socket.socket) -> None:
    # Closing the socket would leave the other thread blocked in its read; shutting it down wakes it.
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _login(via: Proxy) -> dict[str, str]:
    return {"Proxy-Authorization": via.login} if via.login else {}


def _reason(error: Exception) -> str:
    if isinstance(error, http.client.HTTPException):
        return f"the response was truncated or is not HTTP ({type(error).__name__})"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)
