"""Batching: the cases of an alert side by side in one test, each on servers of its own.

A test's cost lies in its evaluations rather than its series, so the cases of an alert share one: each is shifted in
time so that all are due at once, and its servers are renamed (`main` becomes `case3-main`). Batching also makes the
proofs stronger: the alert is demonstrably alive while a case is silent, because another server fires, and a rule that
forgets the label `server` mixes up cases.

Some cases are not batched: those that ask for it or must be silent throughout, those of alerts without a label
`server`, and those with series without one. Cases of alerts that depend on the time of day (`time()`, or a subquery
whose step is longer than the sample interval and so aligned to it) are not shifted; they share a test only if they are
due at the same time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from boxwatch.rules.model import Alert, Case, Expected, Series
from boxwatch.rules.proofs.fixtures import INTERVAL

# Limits for the samples of all input of a test; a rule reads a small part of them, but a subquery reads it every step.
_MOST_SAMPLES, _MOST_OF_SUBQUERY = 60_000, 10_000
_SUBQUERY = re.compile(r"\[\w+:\w*\]")
_BY_THE_CLOCK = re.compile(rf"\btime\(\)|\[\w+:(?!{INTERVAL}s\])\w*\]")
_SERVER = re.compile(r'\bserver="([^"]*)"')
_BEFORE_SERVER = re.compile(r'\bserver="')


@dataclass(frozen=True, slots=True)
class AlertCase:
    """A case with its alert.

    Attributes:
        alert: the alert.
        case: one of its cases.
    """

    alert: Alert
    case: Case


@dataclass(frozen=True, slots=True)
class Batch:
    """Cases of the alerts of one name, sharing one input.

    Attributes:
        alert: the alert name.
        title: the titles of the cases.
        case: the input of all cases, and when it is evaluated.
        expects: each instance that must fire, with the alert it belongs to.
    """

    alert: str
    title: str
    case: Case
    expects: tuple[tuple[Alert, Expected], ...]


def batches(namesakes: tuple[Alert, ...]) -> Iterator[Batch]:
    """All cases of the alerts of one name, in batches."""
    by_server = all("server" in one.labels for alert in namesakes for case in alert.fires for one in case.expects)
    still = any(_BY_THE_CLOCK.search(alert.expr) for alert in namesakes)
    most = _MOST_OF_SUBQUERY if any(_SUBQUERY.search(alert.expr) for alert in namesakes) else _MOST_SAMPLES
    together: dict[tuple[int, int], list[AlertCase]] = {}
    for item in _alert_cases(namesakes):
        if by_server and _may_be_moved(item.case):
            together.setdefault((item.case.interval, item.case.at if still else 0), []).append(item)
        else:
            yield _alone(item)
    for items in together.values():
        for part in _small_enough(items, most):
            yield _alone(part[0]) if len(part) == 1 else _batched(part)


def _may_be_moved(case: Case) -> bool:
    return not case.throughout and not case.apart and all(_SERVER.search(one.series) for one in case.series)


def _small_enough(items: list[AlertCase], most: int) -> Iterator[list[AlertCase]]:
    """Batches small enough for promtool, which refuses a query that loads more than 10,000 samples."""
    steps = max(item.case.at // item.case.interval for item in items)
    part: list[AlertCase] = []
    for item in items:
        if part and sum(len(one.case.series) for one in (*part, item)) * steps > most:
            yield part
            part = []
        part.append(item)
    yield part


def _alert_cases(namesakes: tuple[Alert, ...]) -> Iterator[AlertCase]:
    """Every case once: promtool compares all firing alerts of a name, whatever their severity."""
    seen: set[str] = set()
    for alert in namesakes:
        for case in (*alert.fires, *alert.silent, *_still_pending(alert)):
            if case.title not in seen:
                seen.add(case.title)
                yield AlertCase(alert, case)


def _still_pending(alert: Alert) -> tuple[Case, ...]:
    """The first firing case, evaluated one sample before it has lasted for the alert's `for`."""
    first = alert.fires[0]
    if alert.wait <= first.interval:
        return ()
    title = f"stays silent until it has lasted for {alert.for_}, as {alert.severity}"
    return (replace(first, title=title, at=alert.wait - first.interval, expects=(), throughout=False),)


def _alone(item: AlertCase) -> Batch:
    expects = tuple((item.alert, one) for one in item.case.expects)
    return Batch(item.alert.alert, item.case.title, item.case, expects)


def _batched(items: list[AlertCase]) -> Batch:
    expects = [
        (item.alert, _renamed(one, _prefix(number)))
        for number, item in enumerate(items, start=1)
        for one in item.case.expects
    ]
    whole = side_by_side(tuple(item.case for item in items))
    return Batch(items[0].alert.alert, whole.title, whole, tuple(expects))


def side_by_side(cases: tuple[Case, ...]) -> Case:
    """Cases on servers of their own, all due at the same time; silent throughout if all of them are."""
    at = max(case.at for case in cases)
    series = tuple(
        _moved(one, case, at, _prefix(number)) for number, case in enumerate(cases, start=1) for one in case.series
    )
    title = "; ".join(f"case{number} {case.title}" for number, case in enumerate(cases, start=1))
    throughout = all(case.throughout for case in cases)
    return Case(title=title, series=series, at=at, interval=cases[0].interval, throughout=throughout)


def _prefix(number: int) -> str:
    return f"case{number}-"


def _moved(one: Series, case: Case, at: int, prefix: str) -> Series:
    """A series on the servers of its case, shifted by as much as its case is due earlier."""
    steps = (at - case.at) // case.interval
    values = f"_x{steps} {one.values}" if steps else one.values
    return Series(_BEFORE_SERVER.sub(f'server="{prefix}', one.series), values)


def _renamed(one: Expected, prefix: str) -> Expected:
    server = one.labels["server"]
    described = re.sub(rf"\b{re.escape(server)}\b", prefix + server, one.description)
    return Expected({**one.labels, "server": prefix + server}, described)
