"""Ordinary hours of databases, proxy and Coolify: much happens, nothing is wrong, and no alert may fire.

Beside `boxwatch.rules.deploys`, which tells the containers' side with all rules. Here a sample a minute is enough, and
only the rules that are about these systems are loaded; what a rule of another subject would record is input.
"""

from __future__ import annotations

from boxwatch.rules.model import Alert, Case, Subject
from boxwatch.rules.ordinary_coolify import coolify_itself
from boxwatch.rules.ordinary_databases import databases
from boxwatch.rules.ordinary_proxy import proxy
from boxwatch.rules.quiet_hours import Hours
from boxwatch.rules.world import World
from boxwatch.topology.model import Topology

_MINUTE = 60
_DATABASES, _PROXY, _COOLIFY = ("postgres", "redis", "elasticsearch", "minio"), ("traefik", "probes"), ("coolify",)
_SYSTEMS = (*_DATABASES, *_PROXY, *_COOLIFY)
# What the systems' alerts read, and who else looks at them.
_BESIDE = frozenset({"requests", "service_requests", "scraping"})


def concerned(subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    """The subjects that are about these systems; none where there is none of them."""
    there = any(one.id.startswith(_SYSTEMS) for one in subjects)
    return tuple(one for one in subjects if there and (one.id in _BESIDE or one.id.startswith(_SYSTEMS)))


def days(topology: Topology, subjects: tuple[Subject, ...]) -> tuple[Case, ...]:
    """Cases in which none of these subjects' alerts may fire."""
    alerts: dict[str, Alert] = {}
    for subject in subjects:
        for alert in subject.alerts:
            # The first is about every service that the topology does not name, and so about those of these cases.
            alerts.setdefault(alert.alert, alert)
    hours = Hours(World(length=64 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE), alerts)
    told = (
        (_DATABASES, "while databases are deployed again, vacuumed and saved", databases),
        (_PROXY, "while a service is deployed behind the proxy, and the proxy restarted", proxy),
        (_COOLIFY, "while Coolify is updated, deploys and takes a backup", coolify_itself),
    )
    return tuple(
        hours.world.never(title, make(hours))
        for systems, title, make in told
        if any(subject.id.startswith(systems) for subject in subjects)
    )
