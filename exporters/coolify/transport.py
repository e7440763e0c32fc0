"""HTTP GET with limits on time and size, so that no server can block the exporter or exhaust its memory.

The standard library rather than a client library: it never follows redirects, reads proxy variables, retries or
decompresses on its own, and a limit on the total time of a response, which urllib3 and httpx lack too, has to wrap
the socket anyway. A connection serves one request: the exporter sends about one a second, over the Docker network.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import SplitResult, urlsplit

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.failure import Failure

if TYPE_CHECKING:  # typeshed is there for type checkers only
    from _typeshed import WriteableBuffer

_CHUNK: Final = 1 << 16
_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80


@dataclass(frozen=True, slots=True)
class Reply:
    """A response whose body is yet to be read."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    chunks: Iterator[bytes]


class Transport(Protocol):
    """Sends a GET: over the network, or to a test's stand-in."""

    def __call__(self, path: str, headers: Mapping[str, str]) -> AbstractContextManager[Reply]:
        """Return the response, open for as long as the context."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one request. Raise `total` and `body` for an instance with thousands of applications.

    Attributes:
        connect: seconds to connect, including TLS.
        read: seconds to wait for the next byte.
        total: seconds for the complete response, however steadily it trickles in.
        body: bytes of a response; a thousand applications are about 16 MB.
    """

    connect: float = 5.0
    read: float = 15.0
    total: float = 60.0
    body: int = 64 << 20


class _Drip(io.RawIOBase):
    """Receiving side of a socket, with a deadline for the whole response besides the time-out for each read."""

    def __init__(self, sock: socket.socket, read: float, until: float, now: Callable[[], float]) -> None:
        super().__init__()
        self._sock, self._read, self._until, self._now = sock, read, until, now

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._sock.close()
        super().close()

    def readinto(self, buffer: WriteableBuffer) -> int:
        left = self._until - self._now()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(min(self._read, left))
        return self._sock.recv_into(buffer)


class _Socket:
    """The part of a socket that http.client uses; closed before the body is read, so `_Drip` closes the real one."""

    def __init__(self, sock: socket.socket, read: float, until: float, now: Callable[[], float]) -> None:
        self._sock, self._read, self._until, self._now = sock, read, until, now
        self._lent = False

    def sendall(self, data: bytes) -> None:
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        del mode
        self._lent = True
        return io.BufferedReader(_Drip(self._sock, self._read, self._until, self._now))

    def close(self) -> None:
        if not self._lent:
            self._sock.close()


class _Connection(http.client.HTTPConnection):
    """Closes a proxy's response to CONNECT.

    Up to Python 3.11.2, http.client leaves the response and its connection open when the proxy refuses, for as long as
    the error is referenced.
    """

    def connect(self) -> None:
        answers: list[http.client.HTTPResponse] = []

        class Answer(http.client.HTTPResponse):
            def __init__(
                self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
            ) -> None:
                super().__init__(sock, debuglevel, method, url)
                answers.append(self)

        self.response_class = Answer
        try:
            super().connect()
        finally:
            self.response_class = http.client.HTTPResponse
            for one in answers:
                one.close()


def check_url(url: str) -> SplitResult:
    """The parts of a base URL.

    Raises:
        ValueError: it is not a valid base URL; the message says why.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the URL must start with http:// or https:// and a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("the URL must not contain a user, password, query or fragment; put the token into a file")
    if parts.path.rstrip("/").endswith(("/api", "/api/v1")):
        raise ValueError("the URL must not end in /api or /api/v1, which the exporter adds itself")
    if not all("!" <= character <= "~" for character in url):
        raise ValueError("the URL must be ASCII without spaces")
    _ = parts.port  # raises ValueError unless it is a number
    return parts


class HttpTransport:
    """GET requests to one Coolify. Redirects are returned, not followed; only a configured proxy is used."""

    def __init__(
        self,
        url: str,
        limits: Limits | None = None,
        *,
        ca_file: Path | None = None,
        proxy: str = "",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the base URL, without /api/v1; `ca_file` replaces the system's certificate authorities."""
        self._parts = check_url(url)
        self._proxy = check_url(proxy) if proxy else None
        self._limits = limits or Limits()
        self._now = now
        self._tls: ssl.SSLContext | None = None
        if self._parts.scheme == "https":
            self._tls = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2

    def __call__(self, path: str, headers: Mapping[str, str]) -> AbstractContextManager[Reply]:
        """Send one GET."""
        return self._open(path, headers)

    @contextmanager
    def _open(self, path: str, headers: Mapping[str, str]) -> Iterator[Reply]:
        until = self._now() + self._limits.total
        with closing(self._connection()) as connection:
            try:
                self._connect(connection, until)
                response = self._ask(connection, path, headers)
            except (http.client.HTTPException, OSError, ValueError) as error:
                raise _failure(error, "reset") from None
            lower = {name.lower(): value for name, value in response.getheaders()}
            with closing(response):
                yield Reply(response.status, lower, self._body(response, lower))

    def _connection(self) -> http.client.HTTPConnection:
        near = self._proxy or self._parts
        tunnel = self._proxy is not None and self._tls is not None
        port = near.port or (_HTTPS_PORT if near.scheme == "https" else _HTTP_PORT)
        connection = _Connection(near.hostname or "", port, timeout=self._limits.connect)
        if tunnel:
            connection.set_tunnel(self._parts.hostname or "", self._parts.port or _HTTPS_PORT)
        return connection

    def _connect(self, connection: http.client.HTTPConnection, until: float) -> None:
        try:
            connection.connect()
            if self._tls is not None:
                connection.sock = self._tls.wrap_socket(connection.sock, server_hostname=self._parts.hostname)
        except (http.client.HTTPException, OSError, ValueError) as error:
            raise _failure(error, "connect_timeout") from None
        connection.sock = _Socket(connection.sock, self._limits.read, until, self._now)

    def _ask(
        self, connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        target = self._parts.path.rstrip("/") + path
        if self._proxy is not None and self._tls is None:
            target = f"http://{self._parts.netloc}{target}"
        connection.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
        # Identity only: a compressed body could decompress to any size.
        sent = {"Host": self._parts.netloc, "Accept-Encoding": "identity", "Connection": "close", **headers}
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse()

    def _body(self, response: http.client.HTTPResponse, headers: Mapping[str, str]) -> Iterator[bytes]:
        code = str(response.status)
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Failure(names.BAD_PAYLOAD, code, "the response is compressed although the request did not accept it")
        length = headers.get("content-length", "")
        expected = int(length) if length.isascii() and length.isdigit() and not response.chunked else -1
        if expected > self._limits.body:
            raise self._too_large()
        held = 0
        while True:
            try:
                chunk = response.read1(_CHUNK)
            except (http.client.HTTPException, OSError, ValueError) as error:
                raise _failure(error, "truncated") from None
            if not chunk:
                break
            held += len(chunk)
            if held > self._limits.body:
                raise self._too_large()
            yield chunk
        if 0 <= held < expected:
            raise Failure(names.BAD_PAYLOAD, "truncated", f"the response ends after {held} of {expected} bytes")

    def _too_large(self) -> Failure:
        return Failure(
            names.BAD_PAYLOAD,
            "too_large",
            f"the response is larger than {self._limits.body} bytes: raise max-body-bytes for a large instance",
        )


def _failure(error: Exception, otherwise: str) -> Failure:
    """The failure behind a network error. The library's own text is left out: it may quote headers."""
    connecting = otherwise == "connect_timeout"
    for kind, reason, code, text in (
        (TimeoutError, names.UNREACHABLE, otherwise if connecting else "timeout", "Coolify timed out"),
        (socket.gaierror, names.UNREACHABLE, "dns", "cannot resolve the host of Coolify's URL"),
        (ssl.SSLCertVerificationError, names.UNREACHABLE, "tls", "Coolify's certificate is not trusted"),
        (ssl.SSLError, names.UNREACHABLE, "tls" if connecting else "reset", "TLS failed"),
        (ConnectionRefusedError, names.UNREACHABLE, "refused", "connection refused: nothing listens at Coolify's URL"),
        (http.client.IncompleteRead, names.BAD_PAYLOAD, "truncated", "the response is truncated"),
        (ConnectionError, names.UNREACHABLE, "reset", "the connection was reset before the response was complete"),
        (OSError, names.UNREACHABLE, "no_route" if connecting else "reset", "no route to Coolify"),
    ):
        if isinstance(error, kind):
            return Failure(reason, code, text)
    return Failure(names.BAD_PAYLOAD, "not_http", "the server at Coolify's URL does not speak HTTP")
