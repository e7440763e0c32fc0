"""Ordinary hours of databases, proxy and Coolify: much happens, nothing is wrong, and no alert may fire.

Beside `boxwatch.rules.proofs.deploys`, which tells the containers' side with all rules. Here a sample a minute is
enough, and only the rules that are about these systems are loaded; what a rule of another subject would record is
input.
"""

from __future__ import annotations

from boxwatch.rules.model import Alert, Case, Subject
from boxwatch.rules.patterns.system import System
from boxwatch.rules.proofs.fixtures import World
from boxwatch.rules.proofs.healthy_hours import Hours
from boxwatch.rules.systems import SYSTEMS
from boxwatch.topology.model import Topology

_MINUTE = 60
# What the systems' alerts read, and who else looks at them.
_BESIDE = frozenset({"requests", "service_requests", "scraping"})


def concerned(subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    """The subjects that are about these systems; none where there is none of them."""
    about = _ids(SYSTEMS)
    there = any(one.id in about for one in subjects)
    return tuple(one for one in subjects if there and (one.id in _BESIDE or one.id in about))


def days(topology: Topology, subjects: tuple[Subject, ...]) -> tuple[Case, ...]:
    """Cases in which none of these subjects' alerts may fire."""
    alerts: dict[str, Alert] = {}
    for subject in subjects:
        for alert in subject.alerts:
            # The first is about every service that the topology does not name, and so about those of these cases.
            alerts.setdefault(alert.alert, alert)
    world = World(length=64 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE)
    hours = Hours(world, alerts, by_uuid=any(map(topology.metrics_of, topology.services_of("coolify"))))
    together: dict[str, tuple[System, ...]] = {}
    for system in SYSTEMS:
        together[system.during] = (*together.get(system.during, ()), system)
    ids = {subject.id for subject in subjects}
    return tuple(
        hours.world.never(title, tuple(series for system in systems for series in system.healthy_day(hours)))
        for title, systems in together.items()
        if ids & _ids(systems)
    )


def _ids(systems: tuple[System, ...]) -> frozenset[str]:
    """The subjects that the days of some systems are about."""
    return frozenset(id_ for system in systems for id_ in (*system.kind.rules, *system.beside))
