"""The page as bytes, made when something changed and not when somebody asks: fifty scrapers cost as much as one.

The compressed form is kept: a thousand applications make 7 MB of text and 0.2 MB of gzip. Prometheus asks for gzip; for
those who do not, it is unpacked once for each page that they ask for.
"""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from boxwatch.exporters.coolify.exposition import EOF, texts
from boxwatch.exporters.coolify.logs import hide

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Mapping

    from prometheus_client import CollectorRegistry

    from boxwatch.exporters.coolify.state import State

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


class Pages:
    """The current page in each format."""

    def __init__(self, registry: CollectorRegistry, state: State, secrets: Callable[[], Iterable[str]]) -> None:
        """Make the first page."""
        self._registry = registry
        self._state = state
        self._secrets = secrets
        self._plain: dict[str, tuple[Page, bytes]] = {}
        self._pages: Mapping[str, Page] = {}
        self.refresh()

    def get(self, content_type: str) -> Page:
        """The page in a format."""
        return self._pages[content_type]

    def plain(self, content_type: str) -> bytes:
        """The page unpacked, held until the next one is made."""
        page = self.get(content_type)
        held = self._plain.get(content_type)
        if held is None or held[0] is not page:
            held = self._plain[content_type] = (page, page.plain())
        return held[1]

    def refresh(self) -> None:
        """Make the page anew."""
        self._pages = render(self._registry, self._secrets())
        self._plain.clear()

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
