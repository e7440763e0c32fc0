"""Proofs of the expected requests: yesterday's minimum at this time, for steady services."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Measured, Series
from boxwatch.rules.proofs.fixtures import World, flat, of_service, sample, series, steps
from boxwatch.topology.model import Topology

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# A spacing of samples of which none is on the edge of an hour that begins at half past.
_SPARSE = 20 * _MINUTE
_AT = 26 * _HOUR
_RELOADED = "traefik_config_last_reload_success"
_EXPECTED = names.SERVICE_REQUESTS_EXPECTED


def measured(topology: Topology, steady: float) -> tuple[Measured, ...]:
    """The proofs of the recorded expectation."""
    world = World(length=_AT, thresholds=topology.thresholds, interval=_SPARSE)

    def known(service: str, replicas: int = 2, server: str = "main") -> tuple[Series, ...]:
        return (
            world.constant(names.SERVICE_REPLICAS_DESIRED, replicas, server=server, service=service),
            world.constant(names.UUID_SERVICE, 1, uuid=f"{service}-1", service=service),
            world.constant(names.UUID_SERVICE, 1, uuid=f"{service}-2", service=service),
        )

    def named(service: str, server: str = "main") -> tuple[Series, ...]:
        return (
            world.constant(names.SERVICE_REPLICAS_DESIRED, 1, server=server, service=service),
            world.constant(names.SERVICE_ROUTERS, 1, server=server, service=service),
        )

    parts = {
        *_seen(world, "main"),
        *_seen(world, "second"),
        *known("web"),
        _requests(world, "web", 2),
        *named("api"),
        _requests(world, "api", 3),
        # At the limit, which is not steady.
        *known("quiet"),
        _requests(world, "quiet", steady),
        *known("steady"),
        _requests(world, "steady", steady * 1.1),
        *known("parked", 0),
        _requests(world, "parked", 2),
        # Without a known owner: the topology names no router.
        world.constant(names.SERVICE_REPLICAS_DESIRED, 1, server="main", service="forgotten"),
        world.constant(names.SERVICE_ROUTERS, 0, server="main", service="forgotten"),
        _requests(world, "forgotten", 2),
        *known("web", server="second"),
        _requests(world, "web", 5, "second"),
        world.constant(names.SERVICE_REPLICAS_DESIRED, 0, server="second", service="api"),
        _requests(world, "api", 5, "second"),
        # Traefik exposes no metrics there.
        *known("web", server="third"),
        *_seen(world, "third", job="other"),
        _requests(world, "web", 7, "third"),
    }
    # Only outside of the hour around this time yesterday, and only in it.
    before = world.steps_of(_AT - _DAY) - 1
    night = (
        *_seen(world, "main"),
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


def _seen(world: World, server: str, job: str = names.JOB_TRAEFIK) -> tuple[Series, ...]:
    return (world.scraped(_RELOADED, flat(9, world.count), job=job, server=server),)


def _requests(world: World, service: str, least: float, server: str = "main") -> Series:
    """More of them than the least at two of three samples."""
    values = " ".join([f"{2 * least!r} {least!r} {4 * least!r}"] * (world.count // 3))
    return series(_REQUESTS, values, server=server, service=service)


def _weekly(topology: Topology, steady: float) -> Measured:
    """Services that differ by what they had in the hour around this time a week ago."""
    at, spacing = 8 * _DAY, 25 * _MINUTE
    world = World(length=at, thresholds=topology.thresholds, interval=spacing)
    # Ages of that hour's samples, in spacings, and those just outside.
    hour = range((7 * _DAY - _HOUR // 2) // spacing, (7 * _DAY + _HOUR // 2) // spacing + 1)
    outside = (hour.start - 1, hour.stop)
    last = at // spacing

    def since(service: str, then: float, server: str = "main") -> tuple[Series, ...]:
        """Many requests, the fewest in the oldest sample of that hour, and none just outside of it."""
        by_age = {**dict.fromkeys(outside, 0.0), hour.stop - 1: then}
        values = " ".join(f"{by_age.get(last - step, 2.0)!r}" for step in range(last + 1))
        return (
            world.constant(names.SERVICE_REPLICAS_DESIRED, 1, server=server, service=service),
            world.constant(names.UUID_SERVICE, 1, uuid=f"{service}-1", service=service),
            series(_REQUESTS, values, server=server, service=service),
        )

    parts = {
        *_seen(world, "main"),
        *_seen(world, "second"),
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
