"""Queries to a Prometheus, directly or through Grafana's proxy: bounded in time and number."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode

from boxwatch.errors import BoxwatchError, PublishError
from boxwatch.live.samples import ActiveAlert, LiveGroup, LiveRule, Sample, Series, Target
from boxwatch.publish.http import Client

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_OK = 200
_REJECTED = frozenset({400, 422})
_REFUSED = frozenset({401, 403})
# A query that timed out would time out again; a second attempt is for a connection that was lost.
_ATTEMPTS = 2
_NEVER = "0001-01-01T"


class QueryError(BoxwatchError):
    """Prometheus rejected a query; the message is Prometheus' own."""


class Transport(Protocol):
    """How requests reach the server's API.

    Attributes:
        url: the server, as messages name it.
    """

    url: str

    def send(self, path: str, form: str | None) -> tuple[int, object]:
        """(status, JSON document) of a GET, or of a POST if there is a form; the document is None if it is not JSON.

        Raises:
            PublishError: the server cannot be reached.
        """


def printable(document: object, client: Client) -> object:
    """The document with error messages as they may be printed: a server may quote the token that it was sent."""
    if not isinstance(document, dict):
        return document
    messages = {key: client.hide(str(document[key])) for key in ("error", "message") if document.get(key)}
    return {**document, **messages}


class Direct:
    """Requests to Prometheus itself."""

    def __init__(self, client: Client, timeout: float) -> None:
        """Nothing is sent yet; the client's content type must be that of forms."""
        self._client, self._timeout = client, timeout
        self.url = client.url

    def send(self, path: str, form: str | None) -> tuple[int, object]:
        """As `Transport`. Queries change nothing, so a POST may be repeated."""
        method, body = ("GET", None) if form is None else ("POST", form.encode())
        answer = self._client.request(method, path, self._timeout, _ATTEMPTS, body)
        try:
            return answer.status, printable(json.loads(answer.body), self._client)
        except (ValueError, RecursionError):
            return answer.status, None


FORMS: Mapping[str, str] = {"Content-Type": "application/x-www-form-urlencoded"}


class Prometheus:
    """A server with Prometheus' API. Safe for use by several threads; at most `concurrency` requests run at once."""

    def __init__(self, transport: Transport, concurrency: int = 8) -> None:
        """Nothing is sent yet."""
        self._transport = transport
        self._slots = threading.Semaphore(concurrency)
        self._concurrency = concurrency
        self.url = transport.url

    def each(self, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """The results of some work for each item, in order, several at a time."""
        pool = ThreadPoolExecutor(self._concurrency)
        try:
            yield from pool.map(work, items)
        finally:
            # After an error, or Ctrl-C, nothing more is asked.
            pool.shutdown(wait=True, cancel_futures=True)

    def now(self) -> float:
        """The server's clock, in seconds since 1970."""
        found = self.query("time()", None)
        return round(found[0].value, 3)

    def query(self, expr: str, at: float | None) -> tuple[Sample, ...]:
        """An instant query; a scalar is one sample without labels.

        Raises:
            QueryError: Prometheus rejects it.
        """
        form = {"query": expr} | ({} if at is None else {"time": f"{at:.3f}"})
        data = self._data("/api/v1/query", form)
        if data["resultType"] == "vector":
            return tuple(Sample(each["metric"], _value(each)) for each in data["result"])
        if data["resultType"] == "scalar":
            return (Sample({}, float(data["result"][1])),)
        if data["resultType"] == "matrix":
            return tuple(Sample(each["metric"], math.nan) for each in data["result"])
        return ()

    def query_range(self, expr: str, start: float, end: float, step: float) -> tuple[Series, ...]:
        """A range query, of at most 11,000 steps.

        Raises:
            QueryError: Prometheus rejects it.
        """
        form = {"query": expr, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        data = self._data("/api/v1/query_range", form)
        return tuple(
            Series(each["metric"], tuple((float(at), float(value)) for at, value in each.get("values", ())))
            for each in data["result"]
        )

    def label_values(self, label: str, match: str, start: float, end: float) -> tuple[str, ...]:
        """The values of a label, of the series that a selector matches; of all series if it is empty."""
        asked = {"start": f"{start:.3f}", "end": f"{end:.3f}"} | ({"match[]": match} if match else {})
        return tuple(map(str, self._data(f"/api/v1/label/{quote(label)}/values?{urlencode(asked)}") or ()))

    def label_names(self, start: float, end: float) -> tuple[str, ...]:
        """The names of all labels."""
        asked = urlencode({"start": f"{start:.3f}", "end": f"{end:.3f}"})
        return tuple(map(str, self._data(f"/api/v1/labels?{asked}") or ()))

    def targets(self) -> tuple[Target, ...] | None:
        """Every active target; None if the server has none to show, as vmalert or a store behind Grafana."""
        try:
            found = self._data("/api/v1/targets?state=active")["activeTargets"]
        except (QueryError, PublishError, KeyError, TypeError):
            return None
        return tuple(
            Target(
                each["labels"],
                str(each["health"]),
                str(each.get("lastError", "")),
                str(each.get("scrapeUrl", "")),
                seconds(str(each.get("scrapeInterval", ""))),
            )
            for each in found
        )

    def groups(self) -> tuple[LiveGroup, ...] | None:
        """Every loaded group of rules; None if the server does not show them."""
        try:
            found = self._data("/api/v1/rules")["groups"] or ()
        except (QueryError, PublishError, KeyError, TypeError):
            return None
        return tuple(_group(each) for each in found)

    def scrape_interval(self) -> float:
        """The global scrape interval; 0 if the server does not show its configuration."""
        return self._global("scrape_interval")

    def evaluation_interval(self) -> float:
        """The global evaluation interval; 0 if the server does not show its configuration."""
        return self._global("evaluation_interval")

    def _global(self, key: str) -> float:
        try:
            written = str(self._data("/api/v1/status/config")["yaml"])
        except (QueryError, PublishError, KeyError, TypeError):
            return 0
        found = written.partition("global:")[2].partition(f"  {key}:")[2].split("\n", 1)[0]
        return seconds(found.strip())

    def _data(self, path: str, form: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - whatever the API returns
        with self._slots:
            status, document = self._transport.send(path, None if form is None else urlencode(form))
        if status in _REFUSED:
            raise PublishError(f"{self.url}: authentication failed or permission denied ({status})")
        if not isinstance(document, dict):
            raise PublishError(f"{self.url} does not respond like Prometheus ({status}): check the URL")
        if status == _OK and document.get("status") == "success":
            return document["data"] if document.get("data") is not None else {}
        message = str(document.get("error") or document.get("message") or "no reason given")
        if status in _REJECTED or status == _OK:
            raise QueryError(message)
        raise PublishError(f"{self.url} responded {status}: {message}")


def _value(sample: Mapping[str, Any]) -> float:
    # A native histogram has no single value.
    return float(sample["value"][1]) if "value" in sample else math.nan


_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}


def seconds(text: str) -> float:
    """A duration such as `1m30s` in seconds; 0 for another text."""
    total, number, unit = 0.0, "", ""
    for sign in f"{text}#":
        if sign.isdecimal() or sign == ".":
            if unit:
                if unit not in _UNITS:
                    return 0
                total += float(number) * _UNITS[unit]
                number, unit = "", ""
            number += sign
        elif sign != "#":
            unit += sign
    if not number or unit not in _UNITS:
        return 0
    return total + float(number) * _UNITS[unit]


def moment(text: str) -> float:
    """An RFC 3339 time in seconds since 1970; 0 for Go's zero time or another text. Nanoseconds are cut."""
    if text.startswith(_NEVER):
        return 0
    whole, dot, rest = text.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))] if dot else ""
    zone = rest[len(digits) :] if dot else ""
    try:
        return datetime.fromisoformat(f"{whole}.{digits[:6]:0<6}{zone}" if dot else text).timestamp()
    except ValueError:
        return 0


def _group(document: Mapping[str, Any]) -> LiveGroup:
    return LiveGroup(
        str(document["name"]),
        str(document.get("file", "")),
        float(document.get("interval", 0)),
        moment(str(document.get("lastEvaluation", ""))),
        tuple(_rule(each) for each in document["rules"]),
    )


def _rule(document: Mapping[str, Any]) -> LiveRule:
    evaluated = not str(document.get("lastEvaluation", _NEVER)).startswith(_NEVER)
    return LiveRule(
        "alert" if document["type"] == "alerting" else "record",
        str(document["name"]),
        str(document["query"]),
        float(document.get("duration", 0)),
        float(document.get("keepFiringFor", 0)),
        document.get("labels") or {},
        str(document.get("health", "unknown")) if evaluated else "unknown",
        str(document.get("lastError", "")),
        tuple(
            ActiveAlert(each["labels"], str(each["state"]), str(each.get("activeAt", "")))
            for each in document.get("alerts") or ()
        ),
    )
