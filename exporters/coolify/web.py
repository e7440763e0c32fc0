"""The exporter's web server: /metrics, /-/healthy, /-/ready and a landing page.

One asyncio thread serves all clients: a slow or silent client costs a few kilobytes instead of a thread, and the
exposition is already rendered. The server implements only the HTTP that scrapers and browsers need: GET and HEAD,
without request bodies. Nothing that it does touches a file system, so that none can hang it.

It accepts connections itself instead of through asyncio's or a library's server: none of them counts a connection
before its TLS handshake, limits those of one address, or lets a silent one make room (docs/exporters/coolify.md,
Web server).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hmac
import html
import logging
import os
import resource
import socket
from asyncio import sslproto
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import IO, Final, cast
from urllib.parse import parse_qsl

from boxwatch.exporters.coolify import service_discovery
from boxwatch.exporters.coolify.exporter import Exporter
from boxwatch.exporters.coolify.exposition_cache import Unpacked, negotiate, wants_gzip
from boxwatch.exporters.coolify.logs import facts, where
from boxwatch.exporters.coolify.webconfig import WebConfig

_LOG: Final = logging.getLogger(__name__)
_RECORD: Final = 16 << 10
_HINT: Final = 1 << 16  # bytes of a notification that are waited for
_HEAD: Final = 16 << 10
_PIECE: Final = 1 << 16
_PLAIN: Final = "text/plain; charset=utf-8"
_REFUSED: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 21\r\nConnection: close\r\n\r\ntoo many connections\n"
)
# Descriptors that the exporter itself needs, the fewest connections, and the limit to ask for, as Go's runtime does.
_RESERVED: Final = 40
_LEAST_OPEN: Final = 8
_DESCRIPTORS: Final = 4096
_BACKLOG: Final = 512
_AT_ONCE: Final = 64
# Seconds: after which a client that does not receive makes room, between two attempts to accept without a
# descriptor, and between two warnings about it.
_SLOW: Final = 2.0
_PAUSE: Final = 0.05
_QUIET: Final = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a request that matter here."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    keep: bool
    query: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, head: bytes) -> Request | None:
        """Parse the head of a request; None if it is malformed."""
        first, *lines = head.decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        target, _, version = rest.partition(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if version not in ("HTTP/1.0", "HTTP/1.1") or not target.startswith("/"):
            return None
        keep = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        path, _, query = target.partition("?")
        return cls(method, path, headers, keep, dict(parse_qsl(query)) if query else {})

    @property
    def has_body(self) -> bool:
        """Whether a body follows; no endpoint accepts one."""
        return self.headers.get("content-length", "0") != "0" or "transfer-encoding" in self.headers


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body and headers."""

    status: HTTPStatus
    body: bytes | Unpacked
    headers: Mapping[str, str] = field(default_factory=dict)


def plain(status: HTTPStatus, text: str, **headers: str) -> Answer:
    """A plain-text answer of one line."""
    return Answer(status, f"{text}\n".encode(), {"Content-Type": _PLAIN, **headers})


def _yes(*, good: bool) -> Answer:
    return plain(HTTPStatus.OK, "yes") if good else plain(HTTPStatus.SERVICE_UNAVAILABLE, "no")


def _targets(document: bytes | None) -> Answer:
    if document is None:
        return plain(HTTPStatus.SERVICE_UNAVAILABLE, "not known yet, or no longer: keep the last targets")
    return Answer(HTTPStatus.OK, document, {"Content-Type": "application/json"})


def raise_descriptors() -> int:
    """Raise the soft limit of open descriptors, and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return _DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def shrink_tls_buffers() -> None:
    """Let asyncio hold 16 KB for each TLS connection, as much as a record, instead of 256 KB."""
    sslproto.SSLProtocol.max_size = _RECORD


def listen(host: str, port: int) -> Iterator[socket.socket]:
    """Listening sockets of an address; an empty one is all addresses, of IPv6 and IPv4 where both exist."""
    if not host and socket.has_dualstack_ipv6():
        with contextlib.suppress(OSError):  # IPv6 is switched off in the kernel
            yield socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=_BACKLOG)
            return
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family in dict.fromkeys(entry[0] for entry in found):
        address = next(entry[4] for entry in found if entry[0] == family)
        one = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
        port = one.getsockname()[1]  # the same for both families of `localhost:0`
        yield one


@dataclass(eq=False, slots=True)
class _Connection:
    """An accepted connection, from before its TLS handshake.

    Attributes:
        address: the client's, without its port.
        accepted: its socket, until a transport owns it.
        busy: when its request arrived, by the loop's clock; None while it has none.
        served: whether it has had an answer.
    """

    address: str
    accepted: socket.socket | None = None
    task: asyncio.Task[None] | None = None
    transport: asyncio.Transport | None = None
    busy: float | None = None
    served: bool = False

    def drop(self) -> None:
        """Close it at once, whatever is buffered."""
        if self.transport is not None:
            self.transport.abort()
        if self.accepted is not None:
            self.accepted.close()
        if self.task is not None:
            self.task.cancel()


@dataclass(slots=True)
class Listening:
    """Sockets that accept connections."""

    web: Web
    sockets: tuple[socket.socket, ...]

    def close(self) -> None:
        """Accept no more."""
        for one in self.sockets:
            asyncio.get_running_loop().remove_reader(one)
            one.close()


@dataclass(slots=True)
class Web:
    """Serves an exporter.

    A connection counts from the moment it is accepted, before its TLS handshake. When there are too many, the one that
    has been silent for longest makes room: a scraper that sends its request is served, however many clients are silent.

    Attributes:
        most: concurrent connections, at most what the limit of descriptors leaves beside the exporter's own.
        each: concurrent connections of one address.
        handshake: seconds for a TLS handshake.
        head: seconds for a client to send a request's head, from its first byte or the connection on.
        idle: seconds for which a connection may stay idle between requests.
        take: seconds for a client to receive an answer; Prometheus' scrape time-out is 10 by default.
        hook: path of Coolify's webhook, which is its secret; empty for none.
    """

    exporter: Exporter
    config: WebConfig
    most: int = 256
    each: int = 64
    handshake: float = 5.0
    head: float = 10.0
    idle: float = 75.0
    take: float = 20.0
    hook: str = ""
    # In order of their last request.
    _open: dict[_Connection, None] = field(default_factory=dict)
    _spare: int = -1
    _told: float = -_QUIET
    # One thread is enough: passwords are checked one at a time, and each thread uses memory.
    _passwords: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "passwords"))

    async def serve(self, host: str, port: int, given: Sequence[socket.socket] = ()) -> Listening:
        """Start listening on an address, all addresses if it is empty, or on given sockets."""
        sockets = tuple(given) or tuple(listen(host, port))
        loop = asyncio.get_running_loop()
        self.most = min(self.most, max(_LEAST_OPEN, raise_descriptors() - _RESERVED))
        shrink_tls_buffers()
        self._spare = os.open(os.devnull, os.O_RDONLY)
        for one in sockets:
            one.setblocking(False)  # noqa: FBT003 - the parameter has no name
            loop.add_reader(one, self._accept, one)
        return Listening(self, sockets)

    def use(self, config: WebConfig) -> None:
        """Use another configuration for new connections and requests."""
        self.config = config

    async def stop(self, listening: Listening, grace: float) -> None:
        """Accept no more, drop idle connections, and those that have not received their answer after `grace`."""
        listening.close()
        for connection in [one for one in self._open if one.busy is None]:
            connection.drop()
        tasks = [one.task for one in self._open if one.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
        for connection in list(self._open):
            connection.drop()
        left = [one.task for one in self._open if one.task is not None]
        if left:
            await asyncio.wait(left, timeout=grace)
        os.close(self._spare)
        self._passwords.shutdown(wait=False, cancel_futures=True)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                accepted, address = listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._cannot_accept(listening, error)
                return
            connection = _Connection(str(address[0]) if address else "", accepted)
            if self._admit(connection.address):
                self._open[connection] = None
                self._count()
                connection.task = asyncio.get_running_loop().create_task(self._client(connection))
            else:
                self._refuse(accepted)

    def _cannot_accept(self, listening: socket.socket, error: OSError) -> None:
        """No descriptor is left: close a silent connection, or else the one that waits, with the spare descriptor."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._told >= _QUIET:
            self._told = loop.time()
            _LOG.warning("cannot accept connections", extra=facts(error=os.strerror(error.errno or 0)))
        if not self._evict(list(self._open)):
            with contextlib.suppress(OSError):
                os.close(self._spare)
                listening.accept()[0].close()
            with contextlib.suppress(OSError):
                shrink_tls_buffers()
        self._spare = os.open(os.devnull, os.O_RDONLY)
        # Not again before connections that were dropped are closed.
        loop.remove_reader(listening)
        loop.call_later(_PAUSE, self._resume, listening)

    def _resume(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _admit(self, address: str) -> bool:
        same = [one for one in self._open if one.address == address]
        if len(same) >= self.each:
            return self._evict(same)
        return len(self._open) < self.most or self._evict(list(self._open))

    def _evict(self, candidates: Sequence[_Connection]) -> bool:
        """Drop the connection that has been silent for longest, or else the one that has taken longest to receive.

        Of the silent ones, those that have never sent a request go first.
        """
        silent = min((one for one in candidates if one.busy is None), key=lambda one: one.served, default=None)
        now = asyncio.get_running_loop().time()
        slow = [one for one in candidates if one.busy is not None and now - one.busy > _SLOW]
        chosen = silent or min(slow, key=lambda one: one.busy or 0.0, default=None)
        if chosen is None:
            return False
        self._closed("evicted")
        self._forget(chosen)
        chosen.drop()
        return True

    def _refuse(self, accepted: socket.socket) -> None:
        self._closed("refused")
        with contextlib.suppress(OSError), accepted:
            accepted.setblocking(False)  # noqa: FBT003 - the parameter has no name
            if self.config.tls is None:
                accepted.send(_REFUSED)

    def _forget(self, connection: _Connection) -> None:
        self._open.pop(connection, None)
        self._count()

    def _count(self) -> None:
        self.exporter.snapshots.own.connections = len(self._open)

    def _closed(self, reason: str) -> None:
        self.exporter.snapshots.own.closed[reason] += 1

    async def _client(self, connection: _Connection) -> None:
        try:
            reader, writer = await self._connect(connection)
            kept = False
            while await self._one(connection, reader, writer, kept=kept):
                kept = True
            await self._close(writer)
        except TimeoutError:
            self._closed("timeout")  # the client neither sends nor receives: discard its buffer too
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or made room
        except Exception as error:  # noqa: BLE001 - a bug in one answer must not stop the others
            _LOG.error("internal error", extra=facts(**where(error)))
        finally:
            self._forget(connection)
            if connection.transport is not None:
                connection.transport.abort()

    async def _connect(self, connection: _Connection) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        accepted, connection.accepted = connection.accepted, None
        if accepted is None:
            raise ConnectionAbortedError
        accepted.setblocking(False)  # noqa: FBT003 - the parameter has no name
        with contextlib.suppress(OSError):
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = self.config.tls
        reader = asyncio.StreamReader(limit=_HEAD)
        protocol = asyncio.StreamReaderProtocol(reader)
        options = {"ssl_handshake_timeout": self.handshake, "ssl_shutdown_timeout": 1.0} if tls is not None else {}
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted, ssl=tls, **options)
        connection.transport = transport
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _close(self, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await asyncio.wait_for(writer.wait_closed(), self.take)

    async def _one(
        self, connection: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, kept: bool
    ) -> bool:
        head = b""
        if kept:
            head = await asyncio.wait_for(reader.read(1), self.idle)
            if not head:
                return False
        try:
            head += await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self.head)
        except asyncio.LimitOverrunError:
            await self._send(
                writer, plain(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "request header too large"), keep=False
            )
            return False
        connection.busy = asyncio.get_running_loop().time()
        request = Request.parse(head)
        if request is None or (request.has_body and not self._hook(request)):
            await self._send(
                writer, plain(HTTPStatus.BAD_REQUEST, "bad request: send GET or HEAD without a body"), keep=False
            )
            return False
        hook = self._hook(request)
        answer = await self._hint(request, reader) if hook else await self._answer(request)
        keep = request.keep and not request.has_body
        await self._send(writer, answer, keep=keep, body=request.method != "HEAD")
        connection.busy, connection.served = None, True
        # Behind those that have been silent for longer.
        if connection in self._open:
            self._open[connection] = self._open.pop(connection)
        return keep

    def _hook(self, request: Request) -> bool:
        """Whether a request is a hint from Coolify: a POST to the secret path."""
        known = self.hook.encode()
        return bool(known) and request.method == "POST" and hmac.compare_digest(request.path.encode(), known)

    async def _hint(self, request: Request, reader: asyncio.StreamReader) -> Answer:
        """Read at once. What a notification says is not used: the truth comes from the API."""
        length = request.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:9]) <= _HINT:
            with contextlib.suppress(asyncio.IncompleteReadError):
                await asyncio.wait_for(reader.readexactly(int(length[:9])), self.head)
        self.exporter.hint()
        return plain(HTTPStatus.OK, "thank you")

    async def _send(self, writer: asyncio.StreamWriter, answer: Answer, *, keep: bool, body: bool = True) -> None:
        headers = {
            **self.config.headers,
            **answer.headers,
            "Content-Length": str(len(answer.body)),
            "Connection": "keep-alive" if keep else "close",
        }
        lines = [f"HTTP/1.1 {answer.status.value} {answer.status.phrase}", *(f"{k}: {v}" for k, v in headers.items())]
        writer.write("\r\n".join((*lines, "", "")).encode("latin-1", "replace"))
        async with asyncio.timeout(self.take):
            if body:
                await self._send_body(writer, answer.body)
            await writer.drain()

    async def _send_body(self, writer: asyncio.StreamWriter, body: bytes | Unpacked) -> None:
        if isinstance(body, Unpacked) and self.config.tls is None:
            with contextlib.suppress(asyncio.SendfileNotAvailableError):  # raised before anything is sent
                file = cast("IO[bytes]", body)  # sendfile uses only its descriptor
                await asyncio.get_running_loop().sendfile(writer.transport, file, fallback=False)
                return
        # In small pieces, so that a client that stops reading ties up little more than 64 KB of buffer.
        for start in range(0, len(body), _PIECE):
            writer.write(body[start : start + _PIECE] if isinstance(body, bytes) else body.read(start, _PIECE))
            await writer.drain()

    async def _answer(self, request: Request) -> Answer:
        if self.config.users is not None and not await self._allowed(request.headers.get("authorization", "")):
            if request.path == "/metrics":
                self.exporter.snapshots.own.scrapes["401"] += 1
            return plain(HTTPStatus.UNAUTHORIZED, "unauthorised", **{"WWW-Authenticate": "Basic"})
        if request.method not in ("GET", "HEAD"):
            return plain(HTTPStatus.METHOD_NOT_ALLOWED, "use GET or HEAD", Allow="GET, HEAD")
        return self._page(request)

    def _page(self, request: Request) -> Answer:
        shown = self.exporter.snapshots.current
        match request.path:
            case "/metrics":
                self.exporter.snapshots.own.scrapes["200"] += 1
                found = self._metrics(request.headers)
            case "/sd/servers":
                found = _targets(service_discovery.servers(shown, request.query))
            case "/sd/resources":
                found = _targets(service_discovery.resources(shown, request.query))
            case "/":
                found = self._landing()
            case "/-/healthy":
                found = _yes(good=self.exporter.healthy)
            case "/-/ready":
                found = _yes(good=self.exporter.ready)
            case _:
                text = "not found: see /metrics, /sd/servers, /sd/resources, /-/healthy and /-/ready"
                found = plain(HTTPStatus.NOT_FOUND, text)
        return found

    async def _allowed(self, authorization: str) -> bool:
        scheme, _, coded = authorization.partition(" ")
        if scheme.lower() != "basic" or self.config.users is None:
            return False
        try:
            user, _, password = base64.b64decode(coded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return await asyncio.get_running_loop().run_in_executor(
            self._passwords, self.config.users.allow, user, password
        )

    def _metrics(self, headers: Mapping[str, str]) -> Answer:
        content_type = negotiate(headers.get("accept", ""))
        pages = self.exporter.expositions
        sent = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        if wants_gzip(headers.get("accept-encoding", "")):
            return Answer(HTTPStatus.OK, pages.get(content_type).gzipped, {**sent, "Content-Encoding": "gzip"})
        return Answer(HTTPStatus.OK, pages.unpacked(content_type), sent)

    def _landing(self) -> Answer:
        rows = "".join(
            f"<tr><td>{html.escape(snapshot.account)}<td>{'up' if snapshot.up else 'down'}"
            f"<td>{html.escape(snapshot.reason)}<td>{html.escape(snapshot.version)}<td>{len(snapshot.resources)}"
            for snapshot in self.exporter.snapshots.current
        )
        body = _LANDING.format(version=html.escape(self.exporter.version), rows=rows).encode()
        policy = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return Answer(HTTPStatus.OK, body, {"Content-Type": "text/html; charset=utf-8", **policy})


_LANDING: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Coolify exporter</title>
<style>body{{font-family:sans-serif;margin:2em}}td,th{{padding:.2em 1em .2em 0;text-align:left}}</style>
<h1>Coolify exporter {version}</h1>
<p><a href="/metrics">Metrics</a> · <a href="/-/healthy">Healthy</a> · <a href="/-/ready">Ready</a></p>
<table><tr><th>Account<th>Coolify<th>Reason<th>Version<th>Resources</tr>{rows}</table>
</html>
"""
