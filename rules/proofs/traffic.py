"""Series of Traefik and the Coolify exporter, as stored, for the proofs about requests."""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names
from boxwatch.rules.model import Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat


def requests_total(fixtures: Fixtures, router: str, values: str, code: str = "200", /, **labels: str) -> Series:
    """Traefik's counter of requests through one router."""
    return _traefik(fixtures, "traefik_service_requests_total", values, service=router, code=code, **labels)


def bucket(fixtures: Fixtures, router: str, le: str, values: str, /, **labels: str) -> Series:
    """One bucket of Traefik's latency histogram of one router."""
    metric = "traefik_service_request_duration_seconds_bucket"
    return _traefik(fixtures, metric, values, service=router, le=le, **{"code": "200", **labels})


def resource_info(fixtures: Fixtures, uuid: str, service: str, values: str = "", /, **labels: str) -> Series:
    """The Coolify exporter's info series of one resource, with the label `service` added while scraping."""
    return fixtures.scraped(
        coolify.RESOURCE_INFO,
        values or flat(1, fixtures.count),
        **{
            "job": names.JOB_COOLIFY,
            coolify.ACCOUNT: "main",
            coolify.UUID: uuid,
            coolify.RESOURCE: f"{service}-{uuid}",
            names.SERVICE: service,
            **labels,
        },
    )


def planned(fixtures: Fixtures, service: str, server: str = "main", kind: str = "web") -> Series:
    """The recorded constant of a service planned on a server, with its kind."""
    return fixtures.constant(names.SERVICE_INFO, 1, server=server, service=service, kind=kind)


def rising(per_second: float, fixtures: Fixtures) -> str:
    """A counter that increases steadily."""
    return f"0+{per_second * fixtures.interval:g}x{fixtures.count}"


def _traefik(fixtures: Fixtures, metric: str, values: str, /, **labels: str) -> Series:
    return fixtures.scraped(metric, values, **{"job": names.JOB_TRAEFIK, "method": "GET", "protocol": "http", **labels})


def due(wait: int) -> tuple[int, int]:
    """Sample interval, and time at which an alert with this wait is due if its condition holds from the first sample.

    The interval is coarse for long waits: no case of constant values depends on it.
    """
    interval = 60 if wait <= _LONG_WAIT else 600
    return interval, max(-(-wait // interval), 1) * interval


_LONG_WAIT = 15 * 60
