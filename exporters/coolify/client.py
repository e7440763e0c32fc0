"""Coolify's API client: GET with a `read` token; every request is rate limited and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

from boxwatch.exporters.coolify import records
from boxwatch.exporters.coolify.clock import Clock
from boxwatch.exporters.coolify.failure import OK, Failure, http_date, judge
from boxwatch.exporters.coolify.fields import Fields
from boxwatch.exporters.coolify.rate_limiter import RateLimiter
from boxwatch.exporters.coolify.secret import Token
from boxwatch.exporters.coolify.transport import Reply, Transport

PREFIX: Final = "/api/v1"
# Enough to find `message` in one of Coolify's JSON errors; its HTML errors are longer and not parsed.
_ERROR_BODY: Final = 1 << 14
T = TypeVar("T")


@dataclass(slots=True)
class Counts:
    """Counters by label values, all from closed lists, so their number is bounded."""

    requests: Counter[tuple[str, str]] = field(default_factory=Counter)  # endpoint, code
    unparsed: Counter[tuple[str, str]] = field(default_factory=Counter)  # source, field
    internal_errors: int = 0


@dataclass(slots=True)
class Api:
    """One account's connection to Coolify.

    Attributes:
        ahead: seconds by which Coolify's clock is ahead of the exporter's, from the Date header; 0 before the first.
        most: records read from one list; the rest is counted as unparsed, so that the exposition stays bounded.
    """

    transport: Transport
    token: Token
    rate_limiter: RateLimiter
    clock: Clock
    counts: Counts
    agent: str = "boxwatch-coolify-exporter"
    most: int = 5000
    ahead: float = 0.0

    def now(self) -> float:
        """Seconds since 1970 by Coolify's clock."""
        return self.clock.wall() + self.ahead

    def records(  # noqa: PLR0913 - what lists differ in
        self,
        source: str,
        endpoint: str,
        read: Callable[[Fields], T | None],
        *,
        uuid: str = "",
        page: tuple[int, int] | None = None,
        task: str = "",
        enough: int | None = None,
    ) -> list[T]:
        """The valid records of a list; the whole list fails if none of its records is valid.

        `page` is skip and take, for a history, whose list is the member `deployments` of an object. `enough` records
        are read of a list that may be of any length; `task` is the second uuid of a path.
        """
        query = f"?skip={page[0]}&take={page[1]}" if page else ""
        wrapper = "deployments" if page else ""
        complain = self.complainer(source)
        found: list[T] = []
        strange = 0
        with self._get(endpoint, uuid, query, task) as reply:
            for number, item in enumerate(records.records(reply.chunks, wrapper)):
                if enough is not None and number >= enough:
                    break
                if number >= self.most:
                    complain("over_limit")
                    break
                value = read(Fields(item, complain)) if isinstance(item, dict) else None
                if value is None:
                    complain("record")
                    strange += 1
                else:
                    found.append(value)
        if strange and not found:
            raise records.bad("no record of the response can be parsed")
        return found

    def nested(
        self, source: str, endpoint: str, inner: str, read: Callable[[Fields], T | None], *, uuid: str
    ) -> Iterator[tuple[Fields, list[T]]]:
        """The objects of a list, each with what `read` makes of its list `inner`, however long that is."""
        complain = self.complainer(source)
        left = self.most

        def one(item: object) -> T | None:
            nonlocal left
            left -= 1
            if left < 0:
                return None
            value = read(Fields(item, complain)) if isinstance(item, dict) else None
            if value is None:
                complain("record")
            return value

        with self._get(endpoint, uuid, "") as reply:
            for record, found in records.nested(reply.chunks, inner, one):
                yield Fields(record, complain), found
        if left < 0:
            complain("over_limit")

    def document(self, source: str, endpoint: str, *, uuid: str) -> Fields:
        """A response consisting of one object."""
        with self._get(endpoint, uuid, "") as reply:
            return Fields(records.document(reply.chunks), self.complainer(source))

    def line(self, endpoint: str) -> str:
        """A response consisting of one line of text."""
        with self._get(endpoint, "", "") as reply:
            return records.line(reply.chunks)

    def complainer(self, source: str) -> Callable[[str], None]:
        """A function to call with the name of a field that cannot be parsed."""

        def complain(name: str) -> None:
            self.counts.unparsed[source, name] += 1

        return complain

    @contextmanager
    def _get(self, endpoint: str, uuid: str, query: str, task: str = "") -> Iterator[Reply]:
        path = PREFIX + endpoint.replace("{uuid}", uuid).replace("{task}", task) + query
        headers = {
            # Without it, Coolify answers some errors as HTML pages or redirects (Coolify 4.3.11, app/Exceptions).
            "Accept": "application/json",
            "User-Agent": self.agent,
            "Authorization": f"Bearer {self.token.read().reveal()}",
        }
        self.rate_limiter.spend()
        try:
            with self.transport(path, headers) as reply:
                self._learn(reply)
                if reply.status != OK:
                    raise judge(reply.status, reply.headers, _beginning(reply), self.clock.wall())
                yield reply
        except Failure as failure:
            self.counts.requests[endpoint, failure.code] += 1
            raise
        self.counts.requests[endpoint, "200"] += 1

    def _learn(self, reply: Reply) -> None:
        self.rate_limiter.observe(reply.headers)
        moment = http_date(reply.headers.get("date", ""))
        if moment is not None:
            self.ahead = moment - self.clock.wall()


def _beginning(reply: Reply) -> bytes:
    """The start of an error's body; an error whose body is incomplete is still that error."""
    body = b""
    try:
        for chunk in reply.chunks:
            body += chunk
            if len(body) >= _ERROR_BODY:
                break
    except Failure:
        pass
    return body[:_ERROR_BODY]
