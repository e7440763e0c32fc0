"""The exporter's web server: /metrics, /-/healthy, /-/ready and a landing page.

One asyncio thread serves all clients: a slow or silent client costs a few kilobytes instead of a thread, and the
exposition is already rendered. The server implements only the HTTP that scrapers and browsers need: GET and HEAD,
without request bodies.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import html
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import IO, Final, cast

from boxwatch.exporters.coolify.exporter import Exporter
from boxwatch.exporters.coolify.exposition_cache import Unpacked, negotiate, wants_gzip
from boxwatch.exporters.coolify.webconfig import WebConfig

_HEAD: Final = 16 << 10
_PIECE: Final = 1 << 16
_PLAIN: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a request that matter here."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    keep: bool

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
        return cls(method, target.partition("?")[0], headers, keep)

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


@dataclass(slots=True)
class Web:
    """Serves an exporter.

    Attributes:
        most: concurrent connections; further ones are rejected immediately.
        idle: seconds for which a connection may stay idle.
        take: seconds for a client to receive an answer; Prometheus' scrape time-out is 10 by default.
    """

    exporter: Exporter
    config: WebConfig
    most: int = 256
    idle: float = 75.0
    take: float = 20.0
    _open: int = 0
    # One thread is enough: passwords are checked one at a time, and each thread uses memory.
    _passwords: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "passwords"))

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Start listening; an empty host means all addresses."""
        tls = self.config.tls
        timeout = self.take if tls is not None else None
        return await asyncio.start_server(
            self._client, host or None, port, ssl=tls, ssl_handshake_timeout=timeout, limit=_HEAD, backlog=512
        )

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open > self.most:
                await self._send(writer, plain(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections"), keep=False)
                return
            while await self._one(reader, writer):
                pass
        except TimeoutError:
            writer.transport.abort()  # the client neither sends nor receives: discard its buffer too
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            await self._close(writer)
            self._open -= 1

    async def _close(self, writer: asyncio.StreamWriter) -> None:
        writer.close()
        try:
            await asyncio.wait_for(writer.wait_closed(), self.take)
        except TimeoutError:
            writer.transport.abort()
        except OSError:
            pass  # already closed

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self.idle)
        except asyncio.LimitOverrunError:
            await self._send(
                writer, plain(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "request header too large"), keep=False
            )
            return False
        request = Request.parse(head)
        if request is None or request.has_body:
            await self._send(
                writer, plain(HTTPStatus.BAD_REQUEST, "bad request: send GET or HEAD without a body"), keep=False
            )
            return False
        answer = await self._answer(request)
        await self._send(writer, answer, keep=request.keep, body=request.method != "HEAD")
        return request.keep

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
            return plain(HTTPStatus.UNAUTHORIZED, "unauthorised", **{"WWW-Authenticate": "Basic"})
        if request.method not in ("GET", "HEAD"):
            return plain(HTTPStatus.METHOD_NOT_ALLOWED, "use GET or HEAD", Allow="GET, HEAD")
        match request.path:
            case "/metrics":
                return self._metrics(request.headers)
            case "/":
                return self._landing()
            case "/-/healthy":
                good = self.exporter.healthy
            case "/-/ready":
                good = self.exporter.ready
            case _:
                return plain(HTTPStatus.NOT_FOUND, "not found: see /metrics, /-/healthy and /-/ready")
        return plain(HTTPStatus.OK, "yes") if good else plain(HTTPStatus.SERVICE_UNAVAILABLE, "no")

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
