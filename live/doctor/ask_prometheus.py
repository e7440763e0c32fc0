"""What a doctor asks Prometheus: its status, targets and rules, and a few instant queries, one after another."""

from __future__ import annotations

import json
import math
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any, Final

from boxwatch.errors import PublishError
from boxwatch.live.doctor.seen import NOTHING, Prometheus, Sample, Target
from boxwatch.publish import compare
from boxwatch.publish.http import Client
from boxwatch.publish.prometheus import server

_OK: Final = 200
_UNAUTHORISED: Final = frozenset({401, 403, 407})
# Prometheus ends a query after this time, whatever its own limit is.
_LONGEST_QUERY: Final = 10
_ATTEMPTS: Final = 2
# Answers that are longer are cut: a doctor is no load test.
_MOST_SAMPLES: Final = 20_000


def ask(client: Client, questions: Mapping[str, str], timeout: float) -> tuple[Prometheus, float]:
    """What Prometheus says, and how many seconds its clock is ahead of ours.

    Args:
        client: of Prometheus.
        questions: name → query.
        timeout: seconds for each request.
    """
    try:
        version = _version(client, timeout)
        skew = _skew(client, timeout)
    except PublishError as error:
        return Prometheus(url=client.url, error=str(error)), 0.0
    samples: dict[str, tuple[Sample, ...]] = {}
    unanswered: dict[str, str] = {}
    for name, query in questions.items():
        try:
            samples[name] = tuple(_query(client, query, timeout))
        except PublishError as error:
            unanswered[name] = str(error)
    found = Prometheus(
        url=client.url,
        version=version,
        config=_config(client, timeout),
        flags={str(key): str(value) for key, value in _mapping(_tolerant(client, "status/flags", timeout)).items()},
        runtime=_mapping(_tolerant(client, "status/runtimeinfo", timeout)),
        targets=tuple(_targets(_tolerant(client, "targets?state=active", timeout))),
        groups=tuple(_maps(_mapping(_tolerant(client, "rules", timeout)).get("groups"))),
        alertmanagers=tuple(
            str(one.get("url", ""))
            for one in _maps(_mapping(_tolerant(client, "alertmanagers", timeout)).get("activeAlertmanagers"))
        ),
        samples=samples,
        unanswered=unanswered,
    )
    return found, skew


def _version(client: Client, timeout: float) -> str:
    """Its version.

    Raises:
        PublishError: it cannot be reached, or is no Prometheus.
    """
    return str(_mapping(_data(client, "status/buildinfo", timeout)).get("version", ""))


def _skew(client: Client, timeout: float) -> float:
    before = time.time()
    found = list(_query(client, "time()", timeout))
    return found[0].value - (before + time.time()) / 2 if found else 0.0


def _config(client: Client, timeout: float) -> Mapping[str, object] | None:
    try:
        text = server.configuration(client, timeout)
    except PublishError:
        return None
    return None if text is None else server.with_files(compare.parsed(text))[0]


def _query(client: Client, query: str, timeout: float) -> Iterator[Sample]:
    limit = min(_LONGEST_QUERY, timeout)
    asked = urllib.parse.urlencode({"query": query, "timeout": f"{limit:g}s", "limit": _MOST_SAMPLES})
    data = _mapping(_data(client, f"query?{asked}", timeout))
    result = data.get("result")
    if data.get("resultType") == "scalar" and isinstance(result, list):
        result = [{"metric": {}, "value": result}]
    for row in _maps(result)[:_MOST_SAMPLES]:
        try:
            value = float(row["value"][1])
        except (KeyError, IndexError, TypeError, ValueError):
            continue
        labels = {str(key): str(text) for key, text in _mapping(row.get("metric")).items()}
        if not math.isnan(value):
            yield Sample(labels, value)


def _targets(data: object) -> Iterator[Target]:
    for one in _maps(_mapping(data).get("activeTargets")):
        found = _mapping(one.get("discoveredLabels"))
        yield Target(
            pool=str(one.get("scrapePool", found.get("job", ""))),
            labels={str(key): str(text) for key, text in _mapping(one.get("labels")).items()},
            address=str(found.get("__address__", "")),
            url=str(one.get("scrapeUrl", "")),
            health=str(one.get("health", "unknown")),
            error=str(one.get("lastError", "")),
        )


def _tolerant(client: Client, path: str, timeout: float) -> object:
    """What a server does not show, such as an old one, is empty."""
    try:
        return _data(client, path, timeout)
    except PublishError:
        return NOTHING


def _data(client: Client, path: str, timeout: float) -> object:
    """The data of an answer.

    Raises:
        PublishError: the server cannot be reached, denies access, or does not answer as Prometheus does.
    """
    answer = client.request("GET", f"/api/v1/{path}", timeout, attempts=_ATTEMPTS)
    if answer.status in _UNAUTHORISED:
        raise PublishError(f"{client.url}: authentication failed ({answer.status}){client.server_message(answer)}")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    if answer.status != _OK or not isinstance(document, dict) or "data" not in document:
        said = document.get("error") if isinstance(document, dict) else None
        raise PublishError(
            f"{client.url} answered {answer.status}{f': {said}' if said else ', not as Prometheus does'}"
        )
    return document["data"]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else NOTHING


def _maps(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
