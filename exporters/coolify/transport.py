"""One GET over HTTP, with every limit that keeps a bad server from holding or filling the exporter.

The standard library and not a client library: nothing there follows a redirect, reads proxy variables, retries or
decompresses behind our back, and a limit on the whole answer, which urllib3 and httpx lack too, has to wrap the
socket in any case. A connection serves one request: about one a second is asked for, over the Docker network.
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
    """An answer whose body is still to be read."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    chunks: Iterator[bytes]


class Transport(Protocol):
    """Something that answers a GET: the network, or a test's idea of it."""

    def __call__(self, path: str, headers: Mapping[str, str]) -> AbstractContextManager[Reply]:
        """The answer, open while the context is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take. Raise `total` and `body` for an instance with thousands of applications.

    Attributes:
        connect: seconds for the connection and TLS.
        read: seconds without a single byte.
        total: seconds for the whole answer, however steadily it drips.
        body: bytes of an answer; a thousand applications are about 16 MB.
    """

    connect: float = 5.0
    read: float = 15.0
    total: float = 60.0
    body: int = 64 << 20


class _Drip(io.RawIOBase):
    """The receiving side of a socket, which times out at a moment and not after each byte."""

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
    """What http.client uses of a socket. It closes this before the body is read, so the receiving side closes it."""

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
    """Closes what a proxy answers to CONNECT.

    Up to Python 3.11.2 http.client leaves it open when the proxy refuses, and the connection with it, for as long as
    anybody keeps the error.
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
    """The parts of a base URL; ValueError with a sentence if it cannot be one."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a URL starts with http:// or https:// and a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("a URL has no user, password, query or fragment; the token goes into its own file")
    if not all("!" <= character <= "~" for character in url):
        raise ValueError("a URL has no spaces and only ASCII characters")
    _ = parts.port  # raises ValueError if it is no number
    return parts


class HttpTransport:
    """GET requests to one Coolify. Redirects come back as they are; proxies are used only if one is given."""

    def __init__(
        self,
        url: str,
        limits: Limits | None = None,
        *,
        ca_file: Path | None = None,
        proxy: str = "",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the base URL, without /api/v1. `ca_file` replaces the system's authorities for an own one."""
        self._parts = check_url(url)
        self._proxy = check_url(proxy) if proxy else None
        self._limits = limits or Limits()
        self._now = now
        self._tls: ssl.SSLContext | None = None
        if self._parts.scheme == "https":
            self._tls = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2

    def __call__(self, path: str, headers: Mapping[str, str]) -> AbstractContextManager[Reply]:
        """One GET."""
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
        # Identity only: a compressed body could unpack to any size.
        sent = {"Host": self._parts.netloc, "Accept-Encoding": "identity", "Connection": "close", **headers}
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse()

    def _body(self, response: http.client.HTTPResponse, headers: Mapping[str, str]) -> Iterator[bytes]:
        code = str(response.status)
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Failure(names.BAD_PAYLOAD, code, "the answer is compressed, which was not asked for")
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
            raise Failure(names.BAD_PAYLOAD, "truncated", f"the answer ends after {held} of {expected} bytes")

    def _too_large(self) -> Failure:
        return Failure(names.BAD_PAYLOAD, "too_large", f"the answer is larger than {self._limits.body} bytes")


def _failure(error: Exception, otherwise: str) -> Failure:
    """What went wrong on the wire. The library's own text is left out: it may quote headers."""
    connecting = otherwise == "connect_timeout"
    for kind, reason, code, text in (
        (TimeoutError, names.UNREACHABLE, otherwise if connecting else "timeout", "Coolify did not answer in time"),
        (socket.gaierror, names.UNREACHABLE, "dns", "the host of Coolify's URL cannot be resolved"),
        (ssl.SSLCertVerificationError, names.UNREACHABLE, "tls", "Coolify's certificate is not trusted"),
        (ssl.SSLError, names.UNREACHABLE, "tls" if connecting else "reset", "TLS failed"),
        (ConnectionRefusedError, names.UNREACHABLE, "refused", "nothing listens at Coolify's URL"),
        (http.client.IncompleteRead, names.BAD_PAYLOAD, "truncated", "the answer ends in the middle"),
        (ConnectionError, names.UNREACHABLE, "reset", "the connection broke before the answer was complete"),
        (OSError, names.UNREACHABLE, "no_route" if connecting else "reset", "the network does not reach Coolify"),
    ):
        if isinstance(error, kind):
            return Failure(reason, code, text)
    return Failure(names.BAD_PAYLOAD, "not_http", "what answers does not speak HTTP")
