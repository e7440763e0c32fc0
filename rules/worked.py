"""What has worked since it is scraped: targets, services behind an exporter, URLs, and containers of a server."""

from __future__ import annotations

from boxwatch.rules import names, worked_proofs
from boxwatch.rules.model import Group, Record, Subject
from boxwatch.rules.patterns.fragments import named_containers
from boxwatch.rules.patterns.system import System
from boxwatch.rules.patterns.worked import worked
from boxwatch.rules.systems import SYSTEMS
from boxwatch.topology.model import Topology

ID = "worked"


def subject(topology: Topology) -> Subject:
    """The records of what has worked."""
    there = connected(topology)
    records = (
        _answered(),
        *([_reached(there)] if there else []),
        *([_seen()] if topology.watches_containers else []),
        *([_probed()] if any(service.url for service in topology.services) else []),
    )
    return Subject(
        id=ID,
        title="What has worked",
        groups=(Group(name="worked-once", rules=records),),
        measured=worked_proofs.remembered(topology, there),
    )


def connected(topology: Topology) -> tuple[System, ...]:
    """The systems of a topology whose exporter connects to the service."""
    return tuple(
        system
        for system in SYSTEMS
        if system.reached and any(topology.metrics_of(service) for service in topology.services_of(system.name))
    )


def _answered() -> Record:
    return worked(
        names.TARGET_WORKED,
        "up == 1",
        "up",
        by=names.BY_TARGET,
        doc="1 for a target that has been up since it is scraped; absent for one that never was.",
    )


def _reached(systems: tuple[System, ...]) -> Record:
    works = " or ".join(f"{system.reached} == 1" for system in systems)
    return worked(
        names.SERVICE_REACHED,
        works,
        "up",
        by=names.BY_TARGET,
        doc="1 for a service that its exporter has reached since it is scraped; absent for one never reached.",
    )


def _probed() -> Record:
    probe = f'probe_success{{job="{names.JOB_PROBE}"}}'
    return worked(
        names.PROBE_WORKED,
        f"{probe} == 1",
        probe,
        by=names.BY_PROBE,
        doc="1 for a public URL that has answered since it is probed; absent for one that never did.",
    )


def _seen() -> Record:
    return worked(
        names.SERVER_CONTAINERS_SEEN,
        named_containers(),
        names.SERVER_CONTAINERS_PLAN,
        by=names.BY_SERVER,
        doc="1 for a server on which cAdvisor has named containers; absent where it never did.",
    )
