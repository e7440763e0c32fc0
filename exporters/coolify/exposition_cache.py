"""The exposition cache: rendered when data changes, not when a scrape arrives, so fifty scrapers cost as much as one.

The cache stores gzip: a thousand applications are 7 MB of text and 0.2 MB of gzip. Prometheus requests gzip; for
clients that do not, each exposition is decompressed once, into an in-memory file from which the kernel sends.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import threading
import time
import weakref
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry

from boxwatch.exporters.coolify.exposition import EOF, texts
from boxwatch.exporters.coolify.logs import facts, hide, where
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore

_LOG: Final = logging.getLogger(__name__)
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_GZIP: Final = zlib.MAX_WBITS | 16
# Rendered again after this many seconds even if nothing changed, to update the process metrics.
_OLDEST: Final = 15.0
# Rendering may take at most this share of a core, however many applications there are.
_SHARE: Final = 1 / 20


@dataclass(frozen=True, slots=True)
class Page:
    """An exposition in one format; `size` is in bytes, uncompressed."""

    content_type: str
    gzipped: bytes
    size: int

    def plain(self) -> bytes:
        """The uncompressed exposition."""
        return zlib.decompress(self.gzipped, _GZIP, self.size)


class Unpacked:
    """An uncompressed exposition in an in-memory file from which the kernel sends; freed with its last reference.

    For each piece that Python itself sends, it releases the interpreter, which the rendering thread then holds for half
    a millisecond: to 50 scrapers, 7 MB in pieces of 64 KB took 18.6 ms at the 99th percentile, and 6.9 ms when sent by
    the kernel (two runs on one host, with benchmarks/coolify_scale.py --priority).
    """

    __slots__ = ("__weakref__", "_descriptor", "page")

    def __init__(self, page: Page) -> None:
        """Decompress an exposition into the file."""
        self.page: Final = page
        self._descriptor: Final = memory_file()
        weakref.finalize(self, os.close, self._descriptor)
        with open(self._descriptor, "wb", closefd=False) as file:
            file.write(page.plain())

    def __len__(self) -> int:
        """Return the size in bytes."""
        return self.page.size

    def fileno(self) -> int:
        """Return the file descriptor, for sendfile."""
        return self._descriptor

    def read(self, start: int, most: int) -> bytes:
        """Read a piece, for connections on which sendfile is unavailable."""
        return os.pread(self._descriptor, most, start)


def memory_file() -> int:
    """An anonymous file: in memory on Linux, on disk elsewhere."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("page")
    descriptor, path = tempfile.mkstemp()
    os.unlink(path)  # noqa: PTH108 - the pair of mkstemp
    return descriptor


class _Packer:
    """Compresses an exposition piece by piece, so that the text of only one family is in memory at a time."""

    def __init__(self, content_type: str) -> None:
        self._content_type = content_type
        self._pack = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, text: str) -> None:
        data = text.encode()
        self._size += len(data)
        self._pieces.append(self._pack.compress(data))

    def page(self) -> Page:
        return Page(self._content_type, b"".join((*self._pieces, self._pack.flush())), self._size)


def render(registry: CollectorRegistry, secrets: Iterable[str] = ()) -> Mapping[str, Page]:
    """The registry's exposition in both formats, with secrets in labels redacted."""
    hidden = tuple(secrets)
    text, openmetrics = _Packer(TEXT), _Packer(OPENMETRICS)
    for one, other in texts(registry.collect()):
        text.add(hide(one, hidden))
        openmetrics.add(hide(other, hidden))
    openmetrics.add(EOF)
    return {TEXT: text.page(), OPENMETRICS: openmetrics.page()}


class ExpositionCache:
    """The current exposition in each format."""

    def __init__(
        self, registry: CollectorRegistry, snapshots: SnapshotStore, secrets: Callable[[], Iterable[str]]
    ) -> None:
        """Make the first page."""
        self._registry = registry
        self._snapshots = snapshots
        self._secrets = secrets
        self._unpacked: dict[str, Unpacked] = {}
        self._wanted: set[str] = set()
        self._pages: Mapping[str, Page] = {}
        self._plain: tuple[Page, bytes] | None = None
        self.refreshed_at = time.monotonic()
        self.refresh()

    def get(self, content_type: str) -> Page:
        """The exposition in a format."""
        return self._pages[content_type]

    def unpacked(self, content_type: str) -> Unpacked | bytes:
        """The uncompressed exposition, cached until the next one is rendered; in memory if no descriptor is left."""
        self._wanted.add(content_type)
        page = self.get(content_type)
        held = self._unpacked.get(content_type)
        if held is None or held.page is not page:
            try:
                held = self._unpacked[content_type] = Unpacked(page)
            except OSError:
                if self._plain is None or self._plain[0] is not page:
                    self._plain = (page, page.plain())
                return self._plain[1]
        return held

    def refresh(self) -> None:
        """Render again, and decompress the formats requested of the last exposition, so that no scrape waits."""
        started = time.monotonic()
        pages = render(self._registry, self._secrets())
        wanted = tuple(self._wanted)
        self._wanted.clear()
        unpacked: dict[str, Unpacked] = {}
        with contextlib.suppress(OSError):  # no descriptor is left; a scrape tries again
            for content_type in wanted:
                unpacked[content_type] = Unpacked(pages[content_type])
        self._unpacked, self._plain = unpacked, None
        self._pages = pages
        self.refreshed_at = time.monotonic()
        self._snapshots.own.rendered = self.refreshed_at - started

    def run(self, stop: threading.Event, steady: Callable[[], float] = time.monotonic) -> None:
        """Refresh after each new snapshot until `stop` is set; runs in a thread."""
        while not stop.is_set():
            self._snapshots.changed.wait(_OLDEST)
            self._snapshots.changed.clear()
            started = steady()
            try:
                self.refresh()
            except Exception as error:  # noqa: BLE001 - the page must not stand still for good
                self._snapshots.own.failed += 1
                _LOG.error("the exposition cannot be rendered", extra=facts(**where(error)))
            stop.wait(max(1.0, (steady() - started) / _SHARE))


def negotiate(accept: str) -> str:
    """TEXT or OPENMETRICS, according to an Accept header; TEXT if it names neither."""
    best, chosen = 0.0, TEXT
    for offer in accept.split(","):
        name, *parameters = (part.strip().lower() for part in offer.split(";"))
        values = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        quality = _quality(values.get("q", "1"))
        if name == "application/openmetrics-text" and values.get("version", "1.0.0") in ("0.0.1", "1.0.0"):
            content_type = OPENMETRICS
        elif name in ("text/plain", "text/*", "*/*"):
            content_type = TEXT
        else:
            continue
        if quality > best:
            best, chosen = quality, content_type
    return chosen


def wants_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    for offer in accept_encoding.split(","):
        name, *parameters = (part.strip().lower() for part in offer.split(";"))
        values = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        if name in ("gzip", "*"):
            return _quality(values.get("q", "1")) > 0
    return False


def _quality(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
