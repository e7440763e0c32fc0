"""What stands beside every case of an alert and must not matter: the same names elsewhere.

Without it a proof would not notice a matcher, a grouping label or a join label that is missing from the rule. Beside
each case there are
- a series of another job for every metric of cAdvisor and node_exporter, with an absurd value;
- a raw cgroup for every metric of cAdvisor;
- another server, another service and another component in the plan, whose constants differ and which expect nothing to
  run. A join that forgets a label finds two matches then, and Prometheus refuses the rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from boxwatch.rules import names
from boxwatch.rules.model import Case, Series
from boxwatch.rules.world import series

_ELSEWHERE = "bystander"
# More than any server has, and later than any start.
_ABSURD = 9_000_000_000_000_000
_NAME = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\}")
_LABEL = re.compile(r'(\w+)="([^"]*)"')

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
# What makes a planned service expect nothing.
_PARKED = frozenset({names.SERVICE_REPLICAS_DESIRED, names.COMPONENT_REPLICAS_DESIRED, names.SERVICE_MEMORY_BUDGET})


def beside(case: Case) -> tuple[Series, ...]:
    """The series to add to a case; those that the case has itself are left as they are."""
    length = case.at // case.interval + 1
    there = {one.series for one in case.series}
    found = {one.series: one for other in case.series for one in _of(other, length)}
    return tuple(one for name, one in found.items() if name not in there)


def _of(one: Series, length: int) -> Iterator[Series]:
    match = _NAME.fullmatch(one.series)
    if match is None:
        return
    name, labels = match[1], dict(_LABEL.findall(match[2]))
    absurd = f"{_ABSURD}x{length}"
    if name.startswith(("container_", "node_")):
        yield series(name, absurd, **{**labels, "job": _ELSEWHERE, "name": _ELSEWHERE})
    if name.startswith("container_"):
        yield series(name, absurd, job=labels.get("job", ""), server=labels.get("server", ""), id="/")
    if name in _OF_SERVICE | _OF_COMPONENT:
        value = f"{0 if name in _PARKED else 1}x{length}"
        yield series(name, value, **{**labels, "server": _ELSEWHERE})
        yield series(name, value, **{**labels, "service": _ELSEWHERE})
    if name in _OF_COMPONENT:
        yield series(name, value, **{**labels, "component": _ELSEWHERE})
