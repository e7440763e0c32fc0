"""Proofs of alerts on what has never worked."""

from __future__ import annotations

from collections.abc import Callable

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.patterns.system import System
from boxwatch.rules.proofs.fixtures import Fixtures, flat
from boxwatch.rules.worked_proofs import Life, labels_of, reached
from boxwatch.topology.model import Topology

_MINUTE = 60

Cases = tuple[tuple[Case, ...], tuple[Case, ...]]


def target(topology: Topology, wait: int, hints: dict[str, str]) -> Cases:
    """Cases of a target that has never been up, one of each job, and of those that have."""
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def up(values: str, job: str, service: str = "db", **labels: str) -> Series:
        return fixtures.scraped("up", values, job=job, service=service, **labels)

    never, works, once = flat(0, fixtures.count), flat(1, fixtures.count), f"1 0x{fixtures.count}"
    aside = (names.JOB_CADVISOR, names.JOB_PROBE, names.JOB_PROBE_PORTS)
    first = next(iter(hints))
    fires = (
        fixtures.fires(
            "fires for targets that have never been up, not for those that are or were",
            (
                *(up(never, job) for job in hints),
                *(up(works, job, "other") for job in hints),
                *(up(works, job, server="second") for job in hints),
                *(up(once, job, "third") for job in hints),
                up(never, first, ""),
            ),
            late,
            *(
                Expected(
                    {"server": "main", names.SERVICE: "db", "job": job},
                    f"{job} of db on main has never been up: {hint}.",
                )
                for job, hint in hints.items()
            ),
            Expected({"server": "main", "job": first}, f"{first} on main has never been up: {hints[first]}."),
        ),
        fixtures.fires(
            "fires while one address of two has never been up",
            (up(never, first), up(never, first, instance="second:1"), up(works, "another")),
            late,
            Expected(
                {"server": "main", names.SERVICE: "db", "job": first},
                f"{first} of db on main has never been up: {hints[first]}.",
            ),
        ),
    )
    silent = (
        fixtures.silent("stays silent while it is up", tuple(up(works, job) for job in hints), late),
        fixtures.silent(
            "stays silent for a target that was up once, which is down", tuple(up(once, job) for job in hints), late
        ),
        fixtures.silent("stays silent for jobs with their own alert", tuple(up(never, job, "") for job in aside), late),
    )
    return fires, silent


def service(topology: Topology, wait: int, systems: tuple[System, ...], text: Callable[[System], str]) -> Cases:
    """Cases of services that their exporter has never reached, one of each kind, and of those that it has."""
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def is_(values: Life, system: System, service: str = "db", **labels: str) -> tuple[Series, ...]:
        of = {"job": system.kind.job, "server": "main", names.SERVICE: service, **labels}
        return reached(system.reached)(fixtures, values, of)

    end = fixtures.count + 1
    never, works, once = ((0.0, end),), ((1.0, end),), ((1.0, 1), (0.0, end - 1))
    fires = (
        fixtures.fires(
            "fires for services that were never reached, not for those that are or were",
            tuple(
                one
                for system in systems
                for one in (
                    *is_(never, system),
                    *is_(works, system, "other"),
                    *is_(works, system, server="second"),
                    *is_(works, system, job="stranger"),
                    fixtures.constant(names.SERVICE_REACHED, 1, server="main", service="db", job="stranger"),
                    # It says something else that is 0.
                    *(
                        one
                        for label in labels_of(system.reached)
                        for one in is_(never, system, "fourth", **{label: "another"})
                    ),
                    *is_(once, system, "third"),
                )
            ),
            late,
            *(
                Expected({"server": "main", names.SERVICE: "db", "job": system.kind.job}, text(system))
                for system in systems
            ),
        ),
    )
    silent = (
        fixtures.silent(
            "stays silent while it is reached", tuple(one for system in systems for one in is_(works, system)), late
        ),
        fixtures.silent(
            "stays silent for a service that was reached once, which is an outage",
            tuple(one for system in systems for one in is_(once, system)),
            late,
        ),
    )
    return fires, silent
