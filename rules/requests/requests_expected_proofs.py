"""Proofs of the expected requests: yesterday's minimum at this time, for steady services."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Measured, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat, of_service, sample, series, steps
from boxwatch.topology.model import Topology

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# A spacing of samples of which none is on the edge of an hour that begins at half past.
_SPARSE = 20 * _MINUTE
_AT = 26 * _HOUR
_RELOADED = "traefik_config_last_reload_success"
_EXPECTED = names.SERVICE_REQUESTS_EXPECTED


def measured(topology: Topology, steady: float) -> tuple[Measured, ...]:
    """The proofs of the recorded expectation."""
    fixtures = Fixtures(length=_AT, thresholds=topology.thresholds, interval=_SPARSE)

    def known(service: str, replicas: int = 2, server: str = "main") -> tuple[Series, ...]:
        return (
            fixtures.constant(names.SERVICE_REPLICAS_DESIRED, replicas, server=server, service=service),
            fixtures.constant(names.UUID_SERVICE, 1, uuid=f"{service}-1", service=service),
            fixtures.constant(names.UUID_SERVICE, 1, uuid=f"{service}-2", service=service),
        )

    def named(service: str, server: str = "main") -> tuple[Series, ...]:
        return (
            fixtures.constant(names.SERVICE_REPLICAS_DESIRED, 1, server=server, service=service),
            fixtures.constant(names.SERVICE_ROUTERS, 1, server=server, service=service),
        )

    parts = {
        *_seen(fixtures, "main"),
        *_seen(fixtures, "second"),
        *known("web"),
        _requests(fixtures, "web", 2),
        *named("api"),
        _requests(fixtures, "api", 3),
        # At the limit, which is not steady.
        *known("quiet"),
        _requests(fixtures, "quiet", steady),
        *known("steady"),
        _requests(fixtures, "steady", steady * 1.1),
        *known("parked", 0),
        _requests(fixtures, "parked", 2),
        # Without a known owner: the topology names no router.
        fixtures.constant(names.SERVICE_REPLICAS_DESIRED, 1, server="main", service="forgotten"),
        fixtures.constant(names.SERVICE_ROUTERS, 0, server="main", service="forgotten"),
        _requests(fixtures, "forgotten", 2),
        *known("web", server="second"),
        _requests(fixtures, "web", 5, "second"),
        fixtures.constant(names.SERVICE_REPLICAS_DESIRED, 0, server="second", service="api"),
        _requests(fixtures, "api", 5, "second"),
        # Traefik exposes no metrics there.
        *known("web", server="third"),
        *_seen(fixtures, "third", job="other"),
        _requests(fixtures, "web", 7, "third"),
    }
    # Only outside of the hour around this time yesterday, and only in it.
    before = fixtures.steps_of(_AT - _DAY) - 1
    night = (
        *_seen(fixtures, "main"),
        *known("day"),
        *known("night"),
        series(_REQUESTS, f"{steps((0, before))} 4 6 8 {steps((0, 80))}", **of_service("day")),
        series(_REQUESTS, f"{steps((9, before))} 0 0 0 {steps((9, 80))}", **of_service("night")),
    )
    return (
        Measured(
            title="the minimum of this time yesterday is expected of steady, planned, known and scraped services",
            expr=_EXPECTED,
            at=_AT,
            samples=(
                sample(_EXPECTED, 2, **of_service("web")),
                sample(_EXPECTED, 3, **of_service("api")),
                sample(_EXPECTED, steady * 1.1, **of_service("steady")),
                sample(_EXPECTED, 5, server="second", service="web"),
            ),
            series=tuple(sorted(parts, key=lambda one: one.series)),
            interval=_SPARSE,
        ),
        Measured(
            title="the expectation reads the same hour of yesterday",
            expr=_EXPECTED,
            at=_AT,
            samples=(sample(_EXPECTED, 4, **of_service("day")),),
            series=night,
            interval=_SPARSE,
        ),
        _weekly(topology, steady),
    )


_REQUESTS = names.SERVICE_REQUESTS


def _seen(fixtures: Fixtures, server: str, job: str = names.JOB_TRAEFIK) -> tuple[Series, ...]:
    return (fixtures.scraped(_RELOADED, flat(9, fixtures.count), job=job, server=server),)


def _requests(fixtures: Fixtures, service: str, least: float, server: str = "main") -> Series:
    """More of them than the least at two of three samples."""
    values = " ".join([f"{2 * least!r} {least!r} {4 * least!r}"] * (fixtures.count // 3))
    return series(_REQUESTS, values, server=server, service=service)


def _weekly(topology: Topology, steady: float) -> Measured:
    """Services that differ by what they had in the hour around this time a week ago."""
    at, spacing = 8 * _DAY, 25 * _MINUTE
    fixtures = Fixtures(length=at, thresholds=topology.thresholds, interval=spacing)
    # Ages of that hour's samples, in spacings, and those just outside.
    hour = range((7 * _DAY - _HOUR // 2) // spacing, (7 * _DAY + _HOUR // 2) // spacing + 1)
    outside = (hour.start - 1, hour.stop)
    last = at // spacing

    def since(service: str, then: float, server: str = "main") -> tuple[Series, ...]:
        """Many requests, the fewest in the oldest sample of that hour, and none just outside of it."""
        by_age = {**dict.fromkeys(outside, 0.0), hour.stop - 1: then}
        values = " ".join(f"{by_age.get(last - step, 2.0)!r}" for step in range(last + 1))
        return (
            fixtures.constant(names.SERVICE_REPLICAS_DESIRED, 1, server=server, service=service),
            fixtures.constant(names.UUID_SERVICE, 1, uuid=f"{service}-1", service=service),
            series(_REQUESTS, values, server=server, service=service),
        )

    parts = {
        *_seen(fixtures, "main"),
        *_seen(fixtures, "second"),
        *since("web", steady * 1.1),
        *since("api", steady),
        *since("web", steady, "second"),
        *since("shop", steady * 1.1, "second"),
    }
    return Measured(
        title="nothing is expected at a time with too few requests a week ago",
        expr=_EXPECTED,
        at=last * spacing,
        samples=(sample(_EXPECTED, 2, **of_service("web")), sample(_EXPECTED, 2, server="second", service="shop")),
        series=tuple(sorted(parts, key=lambda one: one.series)),
        interval=spacing,
    )
