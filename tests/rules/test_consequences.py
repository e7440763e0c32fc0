"""A cause and its consequences are one page, whatever the phases of scrapes and groups, and however long a group waits.

Alertmanager silences a consequence only while its cause fires. So for every inhibition between alerts that page, either
the consequence cannot be true because of the cause, or its query leaves the cause out, or it waits for longer.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.artefacts import complete_subjects
from support.topologies import a_service, a_topology, complete

from boxwatch.promql.parse import parse
from boxwatch.promql.selectors import selectors
from boxwatch.rules import catalogue, inhibition
from boxwatch.rules.model import Alert
from boxwatch.rules.patterns import consequence, paging
from boxwatch.rules.patterns.fragments import nothing_runs
from boxwatch.rules.systems import SYSTEMS
from boxwatch.topology.kinds import Kind
from boxwatch.topology.model import Topology
from boxwatch.topology.settings import Alerts

_CATALOGUE = Path(__file__).parents[2] / "exporters/catalogue"
_BLIND = ("ContainerMetricsMissing", "ContainerLabelsMissing")
# Pairs that are told twice on purpose, and why.
_TWO_STORIES = {
    ("ServiceDown", "LatencyBudgetBurnsFast"): "what does not run answers nothing, so nothing is slow because of it",
}


def _paging(topology: Topology) -> dict[str, Alert]:
    made = catalogue.subjects(topology)
    return {alert.alert: alert for subject in made for alert in subject.alerts if alert.severity == "critical"}


def _pairs(topology: Topology) -> Iterator[tuple[Alert, Alert]]:
    """Causes and consequences that both page."""
    paging = _paging(topology)
    for one in inhibition.inhibitions(topology, catalogue.subjects(topology)):
        if one.severity == "critical" and "alertname" not in one.equal:
            for cause, other in itertools.product(one.sources, one.targets):
                if cause in paging and other in paging:
                    yield paging[cause], paging[other]


def _metrics(alert: Alert) -> frozenset[str]:
    """What an alert reads of exporters, through any number of recording rules."""
    records = {rule.record: rule.expr for one in complete_subjects() for rule in one.records}

    def of(expr: str, seen: frozenset[str]) -> frozenset[str]:
        names = {selector.name for selector in selectors(parse(expr))} - seen
        found = (of(records[name], seen | names) if name in records else frozenset({name}) for name in names)
        return frozenset[str]().union(*found)

    return frozenset(name for name in of(alert.expr, frozenset()) if ":" not in name)


def _kind(alert: Alert) -> Kind | None:
    for system in SYSTEMS:
        if any(f'job="{job}"' in alert.expr for job in system.kind.jobs) or alert.alert.lower().startswith(system.name):
            return system.kind
    return None


def _ends(cause: Alert, other: Alert) -> bool:
    """Whether what the consequence reads is exposed no more while the cause is true."""
    kind = _kind(other)
    if cause.alert in _BLIND:
        return any(name.startswith("container_") for name in _metrics(other))
    if kind is None or kind.down is None or cause.alert not in ("ServiceDown", *kind.down):
        return False
    recorded = json.loads((_CATALOGUE / f"{kind.exporter}.json").read_text(encoding="utf-8"))
    pages = {page for pages in recorded["pages"].values() for page in pages}
    # Pages recorded while the service was down; a service that exposes its metrics itself has none then.
    down = {page for page in pages if page.endswith(("down", "died-while-running"))}
    own = {name for name in _metrics(other) if name in recorded["metrics"]}
    return any(not down & set(recorded["metrics"][name].get("on", pages)) for name in own)


def _leaves_out(cause: Alert, other: Alert) -> bool:
    """Whether the query of the consequence leaves out what the cause is about, and bears to see that late.

    Or while the cause fires, whichever of the two fires first.
    """
    if consequence.told_already(cause.alert, other.alert) in paging.common(other.expr):
        return consequence.told_already(other.alert, cause.alert) in paging.common(cause.expr)
    return (
        cause.alert == "ServiceDown"
        and nothing_runs() in " ".join(other.expr.split())
        and other.effective_wait >= consequence.margin(complete())
    )


def test_every_cause_is_told_before_its_consequence() -> None:
    """Or in its place."""
    margin = consequence.margin(complete())

    assert [
        f"{cause.alert} after {cause.effective_wait} s may be told beside {other.alert} after {other.effective_wait} s:"
        " let that one wait for boxwatch.rules.patterns.consequence.after(…), or leave the cause out in its query"
        for cause, other in _pairs(complete())
        if other.effective_wait < cause.effective_wait + margin
        and not _leaves_out(cause, other)
        and not _ends(cause, other)
        and (cause.alert, other.alert) not in _TWO_STORIES
    ] == []


def test_no_exception_is_stale() -> None:
    """Each is an inhibition that there is."""
    assert set(_TWO_STORIES) <= {(cause.alert, other.alert) for cause, other in _pairs(complete())}


@given(
    interval=st.sampled_from([10, 15, 30, 60]),
    outage=st.integers(1, 1800),
    deploy=st.integers(1, 1800),
    tuned=st.dictionaries(st.sampled_from(["ProbeFailed", "ServiceErrorsHigh"]), st.integers(0, 1800)),
)
def test_a_failing_url_is_told_before_what_else_shows_it(
    interval: int, outage: int, deploy: int, tuned: dict[str, int]
) -> None:
    """However long the topology lets outages, deployments and single alerts wait."""
    rules = {name: {"for": f"{seconds}s"} for name, seconds in tuned.items()}
    alerts = Alerts.model_validate({"outage_grace": f"{outage}s", "deploy_grace": f"{deploy}s", "rules": rules})
    topology = a_topology(scrape_interval=f"{interval}s", alerts=alerts)

    cause, margin = consequence.probe_failed(topology), consequence.margin(topology)

    assert consequence.replicas_unhealthy(topology) >= cause + margin
    if "ServiceErrorsHigh" not in tuned:
        assert consequence.errors_high(topology) >= cause + margin


def _next(time: float, interval: float, phase: float) -> float:
    """The first run at or after a time of what runs once an interval."""
    return time + (phase - time) % interval


_PHASES = st.lists(st.floats(0, 1, exclude_max=True), min_size=8, max_size=8)


@given(
    interval=st.sampled_from([10, 15, 30, 60]), phases=_PHASES, wait=st.integers(0, 900), grouped=st.integers(0, 120)
)
def test_a_margin_bears_every_phase(interval: int, phases: list[float], wait: int, grouped: int) -> None:
    """A cause seen through two recording rules fires before a consequence seen at once is sent, both from time 0 on."""
    topology = a_topology(scrape_interval=f"{interval}s")
    of = [phase * interval for phase in phases]

    seen = 0.0
    for phase in of[:4]:
        seen = _next(seen, interval, phase)
    cause = _next(seen + wait, interval, of[3])
    pending = _next(_next(0, interval, of[4]), interval, of[5])
    told = _next(pending + wait + consequence.margin(topology), interval, of[5]) + grouped

    assert cause <= told


@settings(max_examples=30, deadline=None)
@given(interval=st.sampled_from([10, 15, 30, 60]), phases=_PHASES, outage=st.integers(1, 900))
def test_a_database_whose_container_is_gone_is_told_once(interval: int, phases: list[float], outage: int) -> None:
    """That no container runs is seen before the database could be told, whatever is scraped first."""
    alerts = Alerts.model_validate({"outage_grace": f"{outage}s"})
    topology = a_topology(scrape_interval=f"{interval}s", alerts=alerts, services=(a_service("db", kind="postgres"),))
    down = _paging(topology)["PostgresDown"]
    of = [phase * interval for phase in phases]

    # cAdvisor, whether containers are visible, how many run.
    gone = _next(_next(_next(0, interval, of[0]), interval, of[1]), interval, of[2])
    pending = _next(_next(0, interval, of[3]), interval, of[4])
    due = pending
    while due - pending < down.wait:
        due += interval

    assert gone <= due


@pytest.mark.parametrize(
    "kind", [system.kind for system in SYSTEMS if system.kind.down and not system.kind.about_others]
)
def test_every_outage_leaves_out_services_without_containers(kind: Kind) -> None:
    """*ServiceDown* is told of them, and not the database too."""
    paging = _paging(complete())

    assert [name for name in kind.down or () if not _leaves_out(paging["ServiceDown"], paging[name])] == []
