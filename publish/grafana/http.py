"""HTTP for talking to a Grafana: time-outs on everything, retries where they are safe, and no token in any text.

grafana-client is not used: its exceptions carry no headers, so `Retry-After` is out of reach, it lets connection errors
of its HTTP library through, and that library puts a fork in the place of urllib3.
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
# Retrying is of use when the server is busy or restarts, not when it is gone: about four seconds in all.
TRIES = 5
_FIRST_PAUSE = 0.25
# A server may ask for longer pause than a person has.
_LONGEST_PAUSE = 60.0
_BUSY = 429
_GONE_FOR_A_MOMENT = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Access:
    """Where a Grafana is, and how to be let in.

    Attributes:
        url: its root, with the path below which it is served.
        token: of a service account; never shown, `repr` leaves it out.
        ca_file: certificates of a private authority; the system's when None.
        timeout: seconds until an answer that does not come is given up.
        workers: requests at a time.
    """

    url: str
    token: str = field(repr=False)
    ca_file: str | None = None
    timeout: float = 30.0
    workers: int = 8

    def __post_init__(self) -> None:
        """Refuse what would leak or could not work.

        Raises:
            PublishError: the address is none or carries a password, or the token is no token.
        """
        parts = urlsplit(self.url)
        if parts.username or parts.password:
            raise PublishError("the address of Grafana must not hold a user or a password: give a token instead")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise PublishError(f"{self.url!r} is not the address of a Grafana: write http://… or https://…")
        if not self.token.isascii() or not self.token.isprintable() or not self.token or " " in self.token:
            raise PublishError("the token is empty or holds characters that no token has: copy it once more")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said.

    Attributes:
        status: of HTTP.
        body: the JSON document; None when it was none.
        repeated: whether it took several tries, of which an earlier one may have arrived.
    """

    status: int
    body: object
    repeated: bool = False

    @property
    def message(self) -> str:
        """What Grafana says about it; may be empty."""
        found = self.body.get("message") if isinstance(self.body, dict) else None
        return found if isinstance(found, str) else ""

    @property
    def reason(self) -> str:
        """The word for machines beside the message: `version-mismatch`, `name-exists`; may be empty."""
        found = self.body.get("status") if isinstance(self.body, dict) else None
        return found if isinstance(found, str) else ""


class Http:
    """A pool of connections to one Grafana; may be used by several threads."""

    def __init__(
        self, access: Access, *, pause: Callable[[float], None] = time.sleep, say: Callable[[str], None] | None = None
    ) -> None:
        """Connect to nothing yet.

        Args:
            access: where, and the token.
            pause: sleeps so many seconds.
            say: told of every request in a line without secrets; for `--verbose`.
        """
        self._access = access
        self._pause = pause
        self._say = say or (lambda _: None)
        self._pool = _pool(access)

    @property
    def url(self) -> str:
        """Where it is."""
        return self._access.url

    def send(self, method: str, path: str, *, query: Mapping[str, object] | None = None, body: object = None) -> Answer:
        """Ask, and ask again while the server is busy.

        Every request that is sent here may be repeated: reads, deletions, and writes that name the uid and the version
        that they replace, so that a second one finds the first and changes nothing.

        Raises:
            PublishError: there was no answer, or one that is none of Grafana's.
        """
        url = self._access.url.rstrip("/") + path + ("?" + urlencode(query, doseq=True) if query else "")
        for turn in range(1, TRIES + 1):
            problem, wait = "", None
            try:
                response = self._once(method, url, body)
            except urllib3.exceptions.HTTPError as error:
                problem = _plain(error, self._access)
            else:
                self._say(f"{method} {path} → {response.status}")
                if response.status != _BUSY and response.status not in _GONE_FOR_A_MOMENT:
                    return replace(_read(response, self._access.url), repeated=turn > 1)
                problem, wait = f"answers {response.status}", retry_after.seconds(response.headers.get("Retry-After"))
            if turn < TRIES:
                pause = wait if wait is not None else _FIRST_PAUSE * 2 ** (turn - 1) * random.uniform(0.5, 1.5)  # noqa: S311
                self._say(f"{method} {path}: {problem}; again in {pause:.1f} s")
                self._pause(min(pause, _LONGEST_PAUSE))
        raise PublishError(f"{self._access.url} {problem}, {TRIES} times: is it running, and is this its address?")

    def _once(self, method: str, url: str, body: object) -> urllib3.BaseHTTPResponse:
        headers = {
            "Authorization": f"Bearer {self._access.token}",
            "Accept": "application/json",
            "User-Agent": "boxwatch",
        }
        content = None
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        # No redirects: the token is for this address only.
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
    """What happened, in words of ours: a library's text may hold a header."""
    match error:
        case urllib3.exceptions.SSLError():
            return "shows a certificate that is not trusted (a private authority's is given with --ca-file)"
        case urllib3.exceptions.ProxyError():
            return "cannot be reached through the proxy"
        case urllib3.exceptions.ConnectTimeoutError() | urllib3.exceptions.NewConnectionError():
            return "cannot be reached"
        case urllib3.exceptions.TimeoutError():
            return f"does not answer within {access.timeout:g} s"
        case _:
            return "cuts the connection"


def _read(response: urllib3.BaseHTTPResponse, url: str) -> Answer:
    try:
        body = json.loads(response.data) if response.data else None
    except ValueError:
        body = None
    if response.status // 100 == 3:  # noqa: PLR2004 - all redirects
        raise PublishError(f"{url} sends us elsewhere ({response.status}): give the address at which Grafana itself is")
    if response.status // 100 == 2 and body is None:  # noqa: PLR2004 - all successes
        raise PublishError(f"{url} answers with something that is not JSON: is this the address of a Grafana?")
    return Answer(response.status, body)
