"""Traefik's and the Coolify exporter's series from which the proofs about requests are written, as they are stored."""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names
from boxwatch.rules.model import Series
from boxwatch.rules.proofs.fixtures import World, flat


def counted(world: World, router: str, values: str, code: str = "200", /, **labels: str) -> Series:
    """Traefik's count of the requests through one router, as it is stored."""
    return _traefik(world, "traefik_service_requests_total", values, service=router, code=code, **labels)


def bucket(world: World, router: str, le: str, values: str, /, **labels: str) -> Series:
    """One bucket of Traefik's histogram of one router."""
    metric = "traefik_service_request_duration_seconds_bucket"
    return _traefik(world, metric, values, service=router, le=le, **{"code": "200", **labels})


def known(world: World, uuid: str, service: str, values: str = "", /, **labels: str) -> Series:
    """What the Coolify exporter says of one resource, and what is made of it while scraping."""
    return world.scraped(
        coolify.RESOURCE_INFO,
        values or flat(1, world.count),
        **{
            "job": names.JOB_COOLIFY,
            coolify.ACCOUNT: "main",
            coolify.UUID: uuid,
            coolify.RESOURCE: f"{service}-{uuid}",
            names.SERVICE: service,
            **labels,
        },
    )


def planned(world: World, service: str, server: str = "main", kind: str = "web") -> Series:
    """The constant that says that a service is planned on a server, and of which kind it is."""
    return world.constant(names.SERVICE_INFO, 1, server=server, service=service, kind=kind)


def rising(per_second: float, world: World) -> str:
    """A counter that rises evenly."""
    return f"0+{per_second * world.interval:g}x{world.count}"


def _traefik(world: World, metric: str, values: str, /, **labels: str) -> Series:
    return world.scraped(metric, values, **{"job": names.JOB_TRAEFIK, "method": "GET", "protocol": "http", **labels})


def due(wait: int) -> tuple[int, int]:
    """(spacing of samples, when an alert is due) for an alert that waits so long and what began with the first sample.

    Coarse where the wait is long: nothing in cases of constant values depends on the spacing.
    """
    interval = 60 if wait <= _LONG_WAIT else 600
    return interval, max(-(-wait // interval), 1) * interval


_LONG_WAIT = 15 * 60
