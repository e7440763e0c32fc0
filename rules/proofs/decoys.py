"""Decoys: series added to every proof that must not matter, with the same names but other labels.

Without them, a proof would not notice a matcher, a grouping label or a join label missing from the rule. Each case gets
- for every series with a `job`, two series of other jobs: one absurdly high and rising, one at 0 (falling if it is a
  counter, as if it were reset all the time); not for `up` and `scrape_…`, which rules read for any job;
- for every metric of cAdvisor, two raw cgroups: one as relabelling leaves it, one wrongly labelled with the service;
- in the plan, another server, service and component with different constants, none of which expects anything to run. A
  join that forgets a label then finds two matches, and Prometheus fails the rule.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator

from boxwatch.rules import names
from boxwatch.rules.model import Case, Series
from boxwatch.rules.proofs.fixtures import notation

_ELSEWHERE = "decoy"
_LOW = "decoy-low"
# More than any server has, and later than any start time.
_ABSURD = 9_000_000_000_000_000
# Increase per sample: a rate above any threshold, too.
_STEP = 1_000_000_000_000
_NAME = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\}", re.DOTALL)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
# Every job has these, and rules read them for all jobs.
_OF_ANY_JOB = re.compile(r"up|scrape_\w+")
_COUNTER = re.compile(r".*_(total|count|sum|bucket)")

_OF_SERVICE = frozenset(
    {
        names.SERVICE_REPLICAS_DESIRED,
        names.SERVICE_MEMORY_BUDGET,
        names.SERVICE_PAGES,
        names.SERVICE_PAGE_CACHE_RECLAIMABLE,
        names.SERVICE_NEAR_BUDGET,
        names.SERVICE_NEAR_LIMIT,
        names.SERVICE_EXHAUSTED_WITHIN,
        names.SERVICE_RESTARTS_THRESHOLD,
        names.SERVICE_REPLACEMENTS_THRESHOLD,
    }
)
_OF_COMPONENT = frozenset(
    {names.COMPONENT_REPLICAS_DESIRED, names.COMPONENT_MEMORY_BUDGET, names.COMPONENT_MEMORY_LIMIT}
)
_PLANNED = _OF_SERVICE | _OF_COMPONENT
# Constants that are 0 for a planned service that expects nothing to run.
_PARKED = frozenset({names.SERVICE_REPLICAS_DESIRED, names.COMPONENT_REPLICAS_DESIRED, names.SERVICE_MEMORY_BUDGET})


def for_case(case: Case) -> tuple[Series, ...]:
    """The series to add to a case of an alert, except those that the case contains itself."""
    return _new(case.series, _of_case, case.at // case.interval + 1)


def for_record(input_: tuple[Series, ...], length: int) -> tuple[Series, ...]:
    """The series to add to a recording rule's proof, `length` samples long: only those that yield no further result."""
    return _new(input_, _of_record, length)


# Name with labels, and samples but for their number.
_Decoy = tuple[str, str]


def _new(input_: tuple[Series, ...], of: Callable[[str], tuple[_Decoy, ...]], length: int) -> tuple[Series, ...]:
    there = {one.series for one in input_}
    found = {name: values for one in input_ for name, values in of(one.series)}
    return tuple(Series(name, f"{values}x{length}") for name, values in found.items() if name not in there)


# Cases share most of their series.
@functools.lru_cache(maxsize=16384)
def _of_case(text: str) -> tuple[_Decoy, ...]:
    return (*_of_record(text), *_plan(*_parts(text)))


@functools.lru_cache(maxsize=16384)
def _of_record(text: str) -> tuple[_Decoy, ...]:
    name, labels = _parts(text)
    return (*_other_jobs(name, labels), *_cgroups(name, labels))


def _parts(text: str) -> tuple[str, dict[str, str]]:
    """Metric name and labels of a series."""
    match = _NAME.fullmatch(text)
    return (match[1], dict(_LABEL.findall(match[2]))) if match else (text, {})


def _other_jobs(name: str, labels: dict[str, str]) -> Iterator[_Decoy]:
    if "job" not in labels or _OF_ANY_JOB.fullmatch(name):
        return
    for job, values in (
        (_ELSEWHERE, f"{_ABSURD}+{_STEP}"),
        (_LOW, f"{_ABSURD}-{_STEP}" if _COUNTER.fullmatch(name) else "0"),
    ):
        # A container of another name, so that a rule would count one more.
        called = {"name": job} if name.startswith("container_") else {}
        yield notation(name, **{**labels, "job": job, **called}), values


def _cgroups(name: str, labels: dict[str, str]) -> Iterator[_Decoy]:
    if not name.startswith("container_"):
        return
    of_target = {key: labels.get(key, "") for key in ("job", names.SERVER)}
    of_service = {key: labels.get(key, "") for key in (names.SERVICE, names.COMPONENT)}
    absurd = f"{_ABSURD}+{_STEP}"
    yield notation(name, **of_target, id="/"), absurd
    if any(of_service.values()):
        yield notation(name, **of_target, **of_service, id="/system.slice"), absurd


def _plan(name: str, labels: dict[str, str]) -> Iterator[_Decoy]:
    if name not in _PLANNED:
        return
    value = "0" if name in _PARKED else "1"
    yield notation(name, **{**labels, names.SERVER: _ELSEWHERE}), value
    yield notation(name, **{**labels, names.SERVICE: _ELSEWHERE}), value
    if name in _OF_COMPONENT:
        yield notation(name, **{**labels, names.COMPONENT: _ELSEWHERE}), value
