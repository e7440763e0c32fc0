"""Healthy days of databases, proxy and Coolify: busy hours in which nothing is wrong and no alert may fire.

They complement `boxwatch.rules.proofs.deploys`, which covers containers with all rules loaded. Here, a sample every
minute is enough, and only rules about these systems are loaded; series recorded by rules of other subjects are input.
"""

from __future__ import annotations

from boxwatch.rules.model import Alert, Case, Subject
from boxwatch.rules.patterns.system import System
from boxwatch.rules.proofs.fixtures import Fixtures
from boxwatch.rules.proofs.healthy_hours import Hours
from boxwatch.rules.systems import SYSTEMS
from boxwatch.topology.model import Topology

_MINUTE = 60
# Further subjects that the systems' alerts read, or that watch the systems.
_BESIDE = frozenset({"requests", "service_requests", "worked", "never_worked", "scraping"})


def concerned(subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    """The subjects about these systems; none if the topology has no such system."""
    about = _ids(SYSTEMS)
    there = any(one.id in about for one in subjects)
    return tuple(one for one in subjects if there and (one.id in _BESIDE or one.id in about))


def days(topology: Topology, subjects: tuple[Subject, ...]) -> tuple[Case, ...]:
    """Cases in which none of these subjects' alerts may fire."""
    alerts: dict[str, Alert] = {}
    for subject in subjects:
        for alert in subject.alerts:
            # The first applies to every service without an override of its own, including those of these cases.
            alerts.setdefault(alert.alert, alert)
    fixtures = Fixtures(length=64 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE)
    hours = Hours(fixtures, alerts, by_uuid=any(map(topology.metrics_of, topology.services_of("coolify"))))
    together: dict[str, tuple[System, ...]] = {}
    for system in SYSTEMS:
        together[system.during] = (*together.get(system.during, ()), system)
    ids = {subject.id for subject in subjects}
    return tuple(
        hours.fixtures.never(title, tuple(series for system in systems for series in system.healthy_day(hours)))
        for title, systems in together.items()
        if ids & _ids(systems)
    )


def _ids(systems: tuple[System, ...]) -> frozenset[str]:
    """Ids of the subjects that the healthy days of these systems exercise."""
    return frozenset(id_ for system in systems for id_ in (*system.kind.rules, *system.related))
