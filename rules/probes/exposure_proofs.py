"""Proofs of the alerts on ports."""

from __future__ import annotations

from dataclasses import dataclass

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.probes.probes_proofs import Cases, early, non_paging
from boxwatch.rules.proofs.fixtures import Fixtures, flat, of_service, steps
from boxwatch.topology.kinds import KINDS
from boxwatch.topology.model import Topology

_MINUTE = 60
_STORES = {kind.name: str(kind.port) for kind in KINDS if kind.holds_data}

# In no topology: overrides for a service of that name would change the cases.
_NAME = "example"


@dataclass(frozen=True, slots=True)
class Proofs:
    """Cases of an alert whose severity depends on the kind of service."""

    critical: tuple[Case, ...]
    warning: tuple[Case, ...]
    silent: tuple[Case, ...]


def _port(fixtures: Fixtures, values: str, **labels: str) -> Series:
    more = {"job": names.JOB_PROBE_PORTS, "instance": f"203.0.113.7:{labels['port']}", **labels}
    return fixtures.scraped("probe_success", values, **more)


def exposed(topology: Topology, wait: int) -> Proofs:
    """Cases of closed ports that answer, on services with and without data, and cases of no exposure."""
    fixtures = Fixtures(length=wait + 60 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def answers(value: float, service: str = _NAME, port: str = "6379", **labels: str) -> Series:
        return _port(
            fixtures, flat(value, fixtures.count), **{"service": service, "port": port, "expected": "closed", **labels}
        )

    def kind(service: str, kind: str, server: str = "main") -> Series:
        return fixtures.constant(names.SERVICE_INFO, 1, server=server, service=service, kind=kind)

    def says(service: str, port: str) -> Expected:
        of = f" of {service}" if service else ""
        return Expected(
            of_service(service, port=port), f"Port {port}{of} on main answers on the public address and should not."
        )

    closed = (answers(0, port="26379"), answers(0, port="5432"), answers(0, server="second"))
    # Decoys: the service is a database on another server, and another service is one here.
    databases = (kind(_NAME, "postgres", server="second"), kind("db", "postgres"))
    web = kind(_NAME, "api")
    return Proofs(
        critical=tuple(
            fixtures.fires(
                f"fires for the port of {service} that answers, not for closed ones",
                (
                    answers(1, _NAME, port),
                    # Two addresses of one server: one that answers is enough.
                    answers(0, _NAME, port, instance=f"203.0.113.8:{port}"),
                    answers(1, _NAME, port, instance=f"203.0.113.9:{port}"),
                    *closed,
                    kind(_NAME, service),
                ),
                late,
                says(_NAME, port),
            )
            for service, port in _STORES.items()
        ),
        warning=(
            fixtures.fires(
                "is a warning for an application's port",
                (
                    answers(1, _NAME, "3001"),
                    answers(0, _NAME, "3001", instance="203.0.113.8:3001"),
                    answers(1, _NAME, "3001", instance="203.0.113.9:3001"),
                    answers(0, _NAME, "3002"),
                    *closed,
                    web,
                    *databases,
                ),
                late,
                says(_NAME, "3001"),
            ),
            fixtures.fires(
                "is a warning for a port that belongs to no service",
                (answers(1, "", "2375"), *databases),
                late,
                says("", "2375"),
            ),
        ),
        silent=(
            *early(
                fixtures, wait, "stays silent before it has answered for long enough", (answers(1, _NAME, "3001"), web)
            ),
            fixtures.silent("stays silent while nothing answers", (*closed, kind(_NAME, "redis")), late),
            fixtures.silent(
                "stays silent for a port that is meant to be open, and for another job",
                (
                    answers(1, expected="open"),
                    answers(1, job="other"),
                    answers(1, _NAME, "3001", expected="open"),
                    answers(1, _NAME, "3001", job="other"),
                    # Not on a service with data: it would be a warning.
                    answers(1, "", "443", expected="open"),
                    kind(_NAME, "redis"),
                    web,
                ),
                late,
            ),
            fixtures.silent(
                "stays silent when the prober does not work, which has its own alert",
                (_port(fixtures, "0x10 stale", service=_NAME, port="6379", expected="closed"), kind(_NAME, "redis")),
                late + 10 * fixtures.interval,
            ),
        ),
    )


def unanswered(topology: Topology, wait: int, *, pages: bool) -> Cases:
    """Cases of open ports that do not answer, and cases with another cause."""
    fixtures = Fixtures(length=wait + 60 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)
    start = "container_start_time_seconds"

    def answers(values: float | str, service: str = "traefik", port: str = "443", **labels: str) -> Series:
        text = values if isinstance(values, str) else flat(values, fixtures.count)
        return _port(fixtures, text, **{"service": service, "port": port, "expected": "open", **labels})

    def runs(service: str = "traefik", *, containers: bool = True, replicas: int = 1) -> tuple[Series, ...]:
        return (
            *fixtures.service(service, pages=pages, replicas=replicas),
            *([fixtures.container(start, flat(7, fixtures.count), service=service)] if containers else []),
            fixtures.container(start, flat(7, fixtures.count), "redis-1", service="redis"),
        )

    says = Expected(
        of_service("traefik", port="443"), "Port 443 of traefik on main does not answer on the public address."
    )
    well = (answers(1, port="80"), answers(1, "mail"), answers(1, server="second"))
    elsewhere = (
        *fixtures.service("traefik", server="second", pages=pages, replicas=1),
        fixtures.container(start, flat(7, fixtures.count), "redis-1", service="redis", server="second"),
    )
    short = max(fixtures.steps_of(wait) - 1, 0)
    fires = (
        fixtures.fires(
            non_paging("fires for the port that does not answer, not for those that do", pages=pages),
            (
                answers(0),
                answers(1, instance="203.0.113.8:443"),
                *well,
                *runs(),
                *runs("mail", containers=False),
                *elsewhere,
            ),
            late,
            says,
        ),
        fixtures.fires(
            non_paging("fires for a service without planned containers", pages=pages),
            (answers(0), *runs(containers=False, replicas=0), *runs("mail", containers=False), *elsewhere),
            late,
            says,
        ),
    )
    silent = (
        *early(
            fixtures,
            wait,
            non_paging("stays silent before it has failed for long enough", pages=pages),
            (answers(0), *runs()),
        ),
        fixtures.silent(non_paging("stays silent while it answers", pages=pages), (answers(1), *well, *runs()), late),
        fixtures.silent(
            non_paging("stays silent for a port that is meant to be closed, and for another job", pages=pages),
            (answers(0, expected="closed"), answers(0, port="80", job="other"), *runs()),
            late,
        ),
        fixtures.silent(
            non_paging("stays silent when no container of the service runs, which has its own alert", pages=pages),
            (answers(0), *runs(containers=False), *runs("mail")),
            late,
        ),
        fixtures.silent(
            non_paging("stays silent when the prober does not work, which has its own alert", pages=pages),
            (answers("1x10 stale"), *runs()),
            late + 10 * fixtures.interval,
        ),
        fixtures.never(
            non_paging("stays silent while the proxy restarts", pages=pages),
            (answers(steps((1, 20), (0, short), (1, fixtures.count))), *runs()),
        ),
    )
    return fires, silent
