"""A metrics page, as Prometheus would scrape it: fetched within limits and recognised, or refused with the reason."""

from __future__ import annotations

import urllib.parse
from pathlib import Path
from typing import Final

from boxwatch.errors import BoxwatchError
from boxwatch.publish.http import Answer, Client, Credentials

# As Prometheus asks (2.42 to 3.x, without protobuf), so that a page is recorded in the format that it is scraped in:
# the same counter may have another name in the other format.
ACCEPT: Final = (
    "application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
)
# Larger than any page that Prometheus should scrape every 30 seconds.
LARGEST: Final = 32 * 2**20
# Those of a URL without a path: http://HOST.
_SLASHES: Final = 2
_REASONS: Final = {
    401: "authentication is required: pass --metrics-user or --metrics-token-file",
    403: "access is denied: check the credentials, and from where the application lets itself be scraped",
    404: "there is no such page: the metrics path may be another, often /metrics",
    405: "the page cannot be read with GET: is it the metrics path?",
}


def fetch(url: str, seconds: float, credentials: Credentials | None = None, ca: Path | None = None) -> str:
    """The text of a metrics page.

    Args:
        url: of the page, with its parameters.
        seconds: for the whole response.
        credentials: none, basic or bearer.
        ca: certificates to trust instead of the system's.

    Raises:
        PublishError: the URL cannot be used, or there was no response in time.
        BoxwatchError: the response is not a metrics page.
    """
    base, _, query = url.partition("#")[0].partition("?")
    headers = {"Accept": ACCEPT, "Accept-Encoding": "identity"}
    client = Client(base, credentials, ca, headers)
    # The client's URL ends without a slash. Without a path, Prometheus' own default is meant.
    slash = "/" if base.endswith("/") else ""
    path = "/metrics" if base.rstrip("/").count("/") == _SLASHES else slash
    answer = client.request("GET", path + (f"?{query}" if query else ""), seconds, attempts=1)
    return _text(client.url + path, answer)


def read(path: Path) -> str:
    """The text of a saved metrics page.

    Raises:
        BoxwatchError: the file cannot be read, or is not a metrics page.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise BoxwatchError(f"{path}: cannot be read: {error.strerror}") from error
    return recognised(str(path), content)


def _text(url: str, answer: Answer) -> str:
    if answer.status // 100 == 3:  # noqa: PLR2004 - redirects
        place = urllib.parse.urlsplit(answer.headers.get("location", ""))
        target = f" to {place.path or '/'}" + (f" on {place.hostname}" if place.hostname else "")
        raise BoxwatchError(f"{url} redirects{target}: pass the URL of the metrics page itself")
    if answer.status != 200:  # noqa: PLR2004 - the only status that Prometheus scrapes
        reason = _REASONS.get(answer.status, "Prometheus could not scrape it either: see the application's log")
        raise BoxwatchError(f"{url} answered {answer.status}: {reason}")
    if encoding := answer.headers.get("content-encoding", "").lower().replace("identity", ""):
        raise BoxwatchError(f"{url}: the response is compressed ({encoding}) although that was not asked for")
    return recognised(url, answer.body)


def recognised(source: str, content: bytes) -> str:
    """The text of what looks like a metrics page.

    Raises:
        BoxwatchError: it is something else, or too large; the message never quotes it.
    """
    if len(content) > LARGEST:
        raise BoxwatchError(f"{source}: is larger than {LARGEST >> 20} MiB: no page to scrape, or far too many series")
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise BoxwatchError(f"{source}: is empty: the application exposes no metrics there")
    if start[:1] == b"<":
        raise BoxwatchError(
            f"{source}: is HTML, not a metrics page: it may be a login or another page of the application; "
            "pass the metrics path, often /metrics"
        )
    if _is_json(start):
        hint = "pass the path with Prometheus' text format (Spring Boot: /actuator/prometheus)"
        raise BoxwatchError(f"{source}: is JSON, not a metrics page: {hint}")
    if start[:2] == b"\x1f\x8b":
        raise BoxwatchError(f"{source}: is compressed: save it uncompressed, with curl --compressed")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BoxwatchError(f"{source}: is not UTF-8 text: only the text format and OpenMetrics are read") from error


def _is_json(start: bytes) -> bool:
    """Whether a text is JSON, and not a sample with a quoted name: `{"my.metric"} 1`."""
    quoted = start[:1] == b"{" and start[1:].lstrip()[:1] == b'"'
    after = start.partition(b'"')[2].partition(b'"')[2] if quoted else b""
    return start[:1] in (b"[", b"{") and (not quoted or after.lstrip()[:1] == b":")
