"""HTTP requests to Grafana: a timeout on everything, retries where they are safe, and no token in any text.

grafana-client is not used: its exceptions carry no headers, so `Retry-After` is out of reach; it lets its HTTP
library's connection errors through; and that library replaces urllib3 with a fork.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urlsplit

import urllib3

from boxwatch.errors import PublishError
from boxwatch.publish import proxy, retry_after

CONNECT_SECONDS = 5.0
# Retries help while a server is busy or restarting, not when it is gone: about four seconds in all.
TRIES = 5
_FIRST_PAUSE = 0.25
# A server may ask for a longer pause than a person will wait.
_LONGEST_PAUSE = 60.0
_BUSY = 429
_GONE_FOR_A_MOMENT = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Access:
    """Address and access of a Grafana.

    Attributes:
        url: its root URL, including the path it is served under.
        token: of a service account; never shown, and not in the repr.
        ca_file: certificates of a private CA; None for the system's.
        timeout: seconds to wait for a response.
        workers: concurrent requests.
    """

    url: str
    token: str = field(repr=False)
    ca_file: str | None = None
    timeout: float = 30.0
    workers: int = 8

    def __post_init__(self) -> None:
        """Reject values that would leak or cannot work.

        Raises:
            PublishError: the URL is invalid or contains a password, or the token is invalid.
        """
        parts = urlsplit(self.url)
        if parts.username or parts.password:
            raise PublishError("Grafana's URL must not contain a user name or password: pass a token instead")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise PublishError(f"{self.url!r} is not Grafana's URL: write http://… or https://…")
        if not self.token.isascii() or not self.token.isprintable() or not self.token or " " in self.token:
            raise PublishError("the token is empty or contains characters that no token has: copy it again")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response.

    Attributes:
        status: the HTTP status.
        body: the JSON document; None if it is not JSON.
        repeated: whether the request was retried, so that an earlier attempt may have succeeded.
    """

    status: int
    body: object
    repeated: bool = False

    @property
    def message(self) -> str:
        """Grafana's message; may be empty."""
        found = self.body.get("message") if isinstance(self.body, dict) else None
        return found if isinstance(found, str) else ""

    @property
    def reason(self) -> str:
        """The machine-readable reason: `version-mismatch`, `name-exists`; may be empty."""
        found = self.body.get("status") if isinstance(self.body, dict) else None
        return found if isinstance(found, str) else ""


class Http:
    """A pool of connections to one Grafana; safe for use by several threads."""

    def __init__(
        self, access: Access, *, pause: Callable[[float], None] = time.sleep, say: Callable[[str], None] | None = None
    ) -> None:
        """Create the pool; nothing is sent yet.

        Args:
            access: URL, token and limits.
            pause: sleeps for a number of seconds.
            say: receives a line per request, without secrets; for `--verbose`.
        """
        self._access = access
        self._pause = pause
        self._say = say or (lambda _: None)
        self._pool = _pool(access)

    @property
    def url(self) -> str:
        """Its root URL."""
        return self._access.url

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        form: str | None = None,
    ) -> Answer:
        """Send a request, with retries while the server is busy.

        Args:
            method: GET, POST, …
            path: below the URL.
            query: parameters.
            body: sent as JSON.
            form: an encoded form, sent instead of a body.

        All our requests are safe to retry: reads, deletions, and writes that name the uid and the version they replace,
        so that a second attempt finds the first and changes nothing.

        Raises:
            PublishError: no response arrived, or one that is not Grafana's.
        """
        url = self._access.url.rstrip("/") + path + ("?" + urlencode(query, doseq=True) if query else "")
        for turn in range(1, TRIES + 1):
            problem, wait = "", None
            try:
                response = self._once(method, url, body, form)
            except urllib3.exceptions.HTTPError as error:
                problem = _plain(error, self._access)
            else:
                self._say(f"{method} {path} → {response.status}")
                if response.status != _BUSY and response.status not in _GONE_FOR_A_MOMENT:
                    return replace(_read(response, self._access.url), repeated=turn > 1)
                problem, wait = f"responded {response.status}", retry_after.seconds(response.headers.get("Retry-After"))
            if turn < TRIES:
                pause = wait if wait is not None else _FIRST_PAUSE * 2 ** (turn - 1) * random.uniform(0.5, 1.5)  # noqa: S311
                self._say(f"{method} {path}: {problem}; retrying in {pause:.1f} s")
                self._pause(min(pause, _LONGEST_PAUSE))
        raise PublishError(f"{self._access.url} {problem}, {TRIES} times: check that it is running, and its URL")

    def _once(self, method: str, url: str, body: object, form: str | None) -> urllib3.BaseHTTPResponse:
        headers = {
            "Authorization": f"Bearer {self._access.token}",
            "Accept": "application/json",
            "User-Agent": "boxwatch",
        }
        content = None if form is None else form.encode()
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        # No redirects: the token is for this server only.
        return self._pool.request(method, url, body=content, headers=headers, redirect=False)


def _pool(access: Access) -> urllib3.PoolManager:
    parts = urlsplit(access.url)
    via = proxy.for_server(parts.scheme, parts.hostname or "")
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=access.timeout)
    if via is None:
        return urllib3.PoolManager(
            maxsize=access.workers, timeout=timeout, retries=False, ca_certs=access.ca_file, block=True
        )
    return urllib3.ProxyManager(
        f"http://{via.host}:{via.port}",
        maxsize=access.workers,
        timeout=timeout,
        retries=False,
        ca_certs=access.ca_file,
        block=True,
        proxy_headers={"Proxy-Authorization": via.login} if via.login else None,
    )


def _plain(error: urllib3.exceptions.HTTPError, access: Access) -> str:
    """The error in our own words: the library's text may contain a header."""
    match error:
        case urllib3.exceptions.SSLError():
            return "presents an untrusted certificate (pass a private CA's with --ca-file)"
        case urllib3.exceptions.ProxyError():
            return "cannot be reached through the proxy"
        case urllib3.exceptions.ConnectTimeoutError() | urllib3.exceptions.NewConnectionError():
            return "cannot be reached"
        case urllib3.exceptions.TimeoutError():
            return f"did not respond within {access.timeout:g} s"
        case _:
            return "closed the connection"


def _read(response: urllib3.BaseHTTPResponse, url: str) -> Answer:
    try:
        body = json.loads(response.data) if response.data else None
    except ValueError:
        body = None
    if response.status // 100 == 3:  # noqa: PLR2004 - all redirects
        raise PublishError(f"{url} redirects elsewhere ({response.status}): pass the URL of Grafana itself")
    if response.status // 100 == 2 and body is None:  # noqa: PLR2004 - all successes
        raise PublishError(f"{url} responded with something other than JSON: check that this is Grafana's URL")
    return Answer(response.status, body)
