"""Rules that a deployment can answer: those whose metrics it scrapes.

Where a part does not exist (`stack.X: none`, `exporters.X: none`, `containers: none`), rules that cannot have a result
without its metrics are left out, with the proofs about them, and so are the rules that read those. Rules that compare
with the plan, and so would report the part itself as missing, ask the topology themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from boxwatch.promql.parse import parse
from boxwatch.promql.selectors import selectors
from boxwatch.rules import missing_views, names
from boxwatch.rules.built import can_answer
from boxwatch.rules.model import Alert, Group, Record, Subject
from boxwatch.rules.systems import SYSTEMS
from boxwatch.topology.model import Topology

# The group of names without series.
ID: Final = "plan-nothing"
# A name without series, for queries that leave out what is recorded by it.
NOTHING: Final = "vector(0) unless vector(0)"
# Labels that queries select it by.
_LABELS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {names.COMPONENT_REPLICAS_DESIRED: {names.IDENTIFIED_BY: "label"}}
)
_DOC: Final = "Nothing: this deployment does not scrape what it is made of."


def jobs(topology: Topology) -> frozenset[str]:
    """The scrape jobs that rules and dashboards may name."""
    stack, servers, services = topology.stack, topology.servers, topology.services
    scraped = [service for service in services if topology.metrics_of(service)]
    systems = {system.name: system for system in SYSTEMS}
    there = {
        names.JOB_PROMETHEUS: stack.prometheus is not None,
        names.JOB_ALERTMANAGER: stack.alertmanager is not None,
        names.JOB_GRAFANA: stack.grafana is not None,
        names.JOB_BLACKBOX: stack.blackbox is not None,
        names.JOB_PROBE: stack.blackbox is not None and any(service.url for service in services),
        names.JOB_PROBE_PORTS: stack.blackbox is not None and any(server.public_address for server in servers),
        names.JOB_NODE: any(server.targets.node for server in servers),
        names.JOB_CADVISOR: topology.watches_containers,
        names.JOB_DOCKER: any(server.targets.docker for server in servers),
        names.JOB_APP: any(service.kind not in systems for service in scraped),
    }
    own = {job for service in scraped if service.kind in systems for job in systems[service.kind].kind.jobs}
    return frozenset({job for job, exists in there.items() if exists} | own)


def is_complete(topology: Topology) -> bool:
    """Whether every part exists on at least one server, so that nothing is left out."""
    stack = topology.stack
    return (
        None not in (stack.prometheus, stack.alertmanager, stack.grafana, stack.blackbox)
        and topology.watches_containers
        and any(server.targets.node for server in topology.servers)
        and any(map(topology.has_containers, topology.services))
    )


def recorded(subjects: Iterable[Subject]) -> frozenset[str]:
    """The recorded series that may have samples."""
    return frozenset(rule.record for subject in subjects for rule in subject.records if rule.expr != NOTHING)


def available(topology: Topology, subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    """The subjects without the rules that cannot have a result in this deployment."""
    if is_complete(topology):
        return subjects
    scraped = jobs(topology)
    while (left := tuple(_left(subjects, scraped))) != subjects:
        subjects = left
    return tuple(_named(tuple(_seen(topology, subject) for subject in subjects)))


def _seen(topology: Topology, subject: Subject) -> Subject:
    def of(group: Group) -> Group:
        alerts = tuple(missing_views.without(topology, rule) for rule in group.rules if isinstance(rule, Alert))
        return replace(group, rules=alerts) if alerts else group

    return replace(subject, groups=tuple(map(of, subject.groups)))


def _left(subjects: tuple[Subject, ...], scraped: frozenset[str]) -> Iterator[Subject]:
    known = recorded(subjects)
    for subject in subjects:
        groups = tuple(left for group in subject.groups if (left := _group(group, scraped, known)).rules)
        measured = tuple(one for one in subject.measured if can_answer(one.expr, scraped, known))
        if groups:
            yield replace(subject, groups=groups, measured=measured)


def _group(group: Group, scraped: frozenset[str], known: frozenset[str]) -> Group:
    records = tuple(rule for rule in group.rules if isinstance(rule, Record) and _stays(rule, scraped, known))
    alerts = tuple(rule for rule in group.rules if isinstance(rule, Alert) and _stays(rule, scraped, known))
    # One of them is empty.
    return Group(group.name, records or alerts)


def _stays(rule: Record | Alert, scraped: frozenset[str], known: frozenset[str]) -> bool:
    # What remembers its own last value has none to begin with.
    own = {rule.record} if isinstance(rule, Record) else set()
    return rule.expr == NOTHING or can_answer(rule.expr, scraped, known - own)


def _named(subjects: tuple[Subject, ...]) -> Iterator[Subject]:
    """The subjects, with a name for each series that their queries leave out and nothing records."""
    there = {rule.record for subject in subjects for rule in subject.records}
    read = {
        selector.name
        for subject in subjects
        for group in subject.groups
        for rule in group.rules
        for selector in selectors(parse(rule.expr))
        if ":" in selector.name
    }
    ids = {subject.id for subject in subjects}
    empty = tuple(
        Record(record=name, expr=NOTHING, labels=dict(_LABELS.get(name, {})), doc=_DOC) for name in sorted(read - there)
    )
    for subject in subjects:
        kept = replace(subject, reads=tuple(one for one in subject.reads if one in ids))
        if subject.id == names.PLAN_SUBJECT and empty:
            kept = replace(kept, groups=(*kept.groups, Group(ID, empty)))
        yield kept
