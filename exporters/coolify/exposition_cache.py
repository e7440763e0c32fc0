"""The page as bytes, made when something changed and not when somebody asks: fifty scrapers cost as much as one.

The compressed form is kept: a thousand applications make 7 MB of text and 0.2 MB of gzip. Prometheus asks for gzip; for
those who do not, it is unpacked once for each page, into a file in memory that the kernel sends from.
"""

from __future__ import annotations

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
from boxwatch.exporters.coolify.logs import hide
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_GZIP: Final = zlib.MAX_WBITS | 16
# The page is made again after this time even if nothing changed, for the metrics of the process.
_OLDEST: Final = 15.0
# Making the page may take this share of a core, however many applications there are.
_SHARE: Final = 1 / 20


@dataclass(frozen=True, slots=True)
class Page:
    """One format of the page."""

    content_type: str
    gzipped: bytes
    size: int

    def plain(self) -> bytes:
        """The page unpacked."""
        return zlib.decompress(self.gzipped, _GZIP, self.size)


class Unpacked:
    """A page in memory of the kernel's, which sends from it; given back when nobody holds it any more.

    Each piece that Python itself sends lets go of the interpreter, and while a page is made another thread takes it for
    half a millisecond: to 50 scrapers, 7 MB in pieces of 64 KB took 18.6 ms at the 99th percentile, and 6.9 ms sent by
    the kernel (two runs on one machine, as benchmarks/coolify_exporter.py scale --priority does it).
    """

    __slots__ = ("__weakref__", "_descriptor", "page")

    def __init__(self, page: Page) -> None:
        """Unpack a page."""
        self.page: Final = page
        self._descriptor: Final = memory_file()
        weakref.finalize(self, os.close, self._descriptor)
        with open(self._descriptor, "wb", closefd=False) as file:
            file.write(page.plain())

    def __len__(self) -> int:
        """Bytes of the page."""
        return self.page.size

    def fileno(self) -> int:
        """The file's descriptor, for the kernel."""
        return self._descriptor

    def read(self, start: int, most: int) -> bytes:
        """A piece of it, for connections that the kernel cannot send to."""
        return os.pread(self._descriptor, most, start)


def memory_file() -> int:
    """A file without a name: in memory where there is such a thing (Linux), else on the disk."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("page")
    descriptor, path = tempfile.mkstemp()
    os.unlink(path)  # noqa: PTH108 - the pair of mkstemp
    return descriptor


class _Packer:
    """Packs a page piece by piece, so that the text of only one family is in memory at a time."""

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
    """The registry's page in both formats; secrets that got into a label are taken out, whoever put them there."""
    hidden = tuple(secrets)
    text, openmetrics = _Packer(TEXT), _Packer(OPENMETRICS)
    for one, other in texts(registry.collect()):
        text.add(hide(one, hidden))
        openmetrics.add(hide(other, hidden))
    openmetrics.add(EOF)
    return {TEXT: text.page(), OPENMETRICS: openmetrics.page()}


class ExpositionCache:
    """The current page in each format."""

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
        self.refresh()

    def get(self, content_type: str) -> Page:
        """The page in a format."""
        return self._pages[content_type]

    def unpacked(self, content_type: str) -> Unpacked:
        """The page unpacked, held until the next one is made."""
        self._wanted.add(content_type)
        page = self.get(content_type)
        held = self._unpacked.get(content_type)
        if held is None or held.page is not page:
            held = self._unpacked[content_type] = Unpacked(page)
        return held

    def refresh(self) -> None:
        """Make the page anew, and unpack what somebody wanted of the last one, so that no scrape waits for that."""
        pages = render(self._registry, self._secrets())
        wanted = tuple(self._wanted)
        self._wanted.clear()
        self._unpacked = {content_type: Unpacked(pages[content_type]) for content_type in wanted}
        self._pages = pages

    def run(self, stop: threading.Event, steady: Callable[[], float] = time.monotonic) -> None:
        """Refresh whenever the state changed, until `stop`; the body of a thread."""
        while not stop.is_set():
            self._snapshots.changed.wait(_OLDEST)
            self._snapshots.changed.clear()
            started = steady()
            self.refresh()
            stop.wait(max(1.0, (steady() - started) / _SHARE))


def negotiate(accept: str) -> str:
    """TEXT or OPENMETRICS, by an Accept header; text if it names neither."""
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
