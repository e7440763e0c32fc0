"""The page as bytes, made when something changed and not when somebody asks: fifty scrapers cost as much as one.

The compressed form is kept: a thousand applications make 7 MB of text and 0.2 MB of gzip. Prometheus asks for gzip; for
those who do not, it is unpacked once for each page that they ask for.
"""

from __future__ import annotations

import threading
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics_exposition
from prometheus_client.registry import Collector

from boxwatch.exporters.coolify.logs import hide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client import CollectorRegistry
    from prometheus_client import Metric as Family

    from boxwatch.exporters.coolify.state import State

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_GZIP: Final = zlib.MAX_WBITS | 16
# Untyped in prometheus_client.
_openmetrics: Final[Callable[[Collector], bytes]] = openmetrics_exposition.generate_latest
_EOF: Final = "# EOF\n"
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


class _One(Collector):
    """A registry of one family, so that the text of only one is in memory at a time."""

    def __init__(self, family: Family) -> None:
        self._family = family

    def collect(self) -> Iterable[Family]:
        return [self._family]


def render(registry: CollectorRegistry, content_type: str, secrets: Iterable[str] = ()) -> Page:
    """The registry's page; secrets that got into a label are taken out, whoever put them there."""
    openmetrics = content_type == OPENMETRICS
    pack = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    packed, size = [], 0
    for text in _texts(registry, openmetrics=openmetrics):
        data = hide(text, secrets).encode()
        size += len(data)
        packed.append(pack.compress(data))
    packed.append(pack.flush())
    return Page(content_type, b"".join(packed), size)


def _texts(registry: CollectorRegistry, *, openmetrics: bool) -> Iterator[str]:
    for family in registry.collect():
        if openmetrics:
            yield _openmetrics(_One(family)).decode().removesuffix(_EOF)
        else:
            yield generate_latest(_One(family)).decode()
    if openmetrics:
        yield _EOF


class Pages:
    """The current page in each format that was asked for."""

    def __init__(self, registry: CollectorRegistry, state: State, secrets: Callable[[], Iterable[str]]) -> None:
        """Make the first page."""
        self._registry = registry
        self._state = state
        self._secrets = secrets
        self._pages: dict[str, Page] = {}
        self._plain: dict[str, tuple[Page, bytes]] = {}
        self._lock: Final = threading.Lock()
        self.refresh()

    def get(self, content_type: str) -> Page:
        """The page in a format; only the first request for a format waits until it is made."""
        page = self._pages.get(content_type)
        if page is None:
            with self._lock:
                page = self._pages.get(content_type) or render(self._registry, content_type, self._secrets())
                self._pages[content_type] = page
        return page

    def plain(self, content_type: str) -> bytes:
        """The page unpacked, held until the next one is made."""
        page = self.get(content_type)
        held = self._plain.get(content_type)
        # Without the lock, which is held for as long as the next page is being made.
        if held is None or held[0] is not page:
            held = self._plain[content_type] = (page, page.plain())
        return held[1]

    def refresh(self) -> None:
        """Make every format anew that was asked for once."""
        with self._lock:
            for content_type in [TEXT, *(name for name in self._pages if name != TEXT)]:
                self._pages[content_type] = render(self._registry, content_type, self._secrets())
                self._plain.pop(content_type, None)

    def run(self, stop: threading.Event, steady: Callable[[], float] = time.monotonic) -> None:
        """Refresh whenever the state changed, until `stop`; the body of a thread."""
        while not stop.is_set():
            self._state.changed.wait(_OLDEST)
            self._state.changed.clear()
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
