"""The scrape targets of the built configuration, each with the page that the simulated box serves for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from boxwatch.simulation.box import PAST, Box
from boxwatch.simulation.coolify import Coolify
from boxwatch.simulation.exposition import Samples, render
from boxwatch.simulation.pages import (
    cadvisor,
    docker,
    elasticsearch,
    grafana,
    minio,
    node,
    postgres,
    probe,
    process,
    rabbitmq,
    redis,
    traefik,
)
from boxwatch.topology.model import Service

# Jobs whose programs are real.
REAL: Final = ("prometheus", "alertmanager")
PROBES: Final = ("probe", "probe-ports")
COOLIFY: Final = "coolify"
_OF_SERVICES: Final = ("postgres", "redis", "elasticsearch", "minio", "rabbitmq", "rabbitmq_queues")
_APPLICATION: Final = "process_exporter"
_THIRD: Final = "/minio/metrics/v3"
# What a target reports at a moment; None if it does not answer.
Report = Callable[[float], Samples | None]


@dataclass(frozen=True, slots=True)
class Target:
    """A target of the built configuration.

    Attributes:
        job: its scrape job.
        address: as built; the `instance` label.
        labels: of the target.
        path: where the simulated box serves its page, with its query.
        exporter: its file in the catalogue; empty for our own exporter.
        samples: what it reports at a moment, None for no answer; None for our own exporter.
    """

    job: str
    address: str
    labels: dict[str, str]
    path: str
    exporter: str = ""
    samples: Report | None = None

    def page(self, now: float, coolify: Coolify) -> str | None:
        """The page at a moment; None if it does not answer."""
        if self.samples is None:
            return coolify.page() or None
        found = self.samples(now)
        return None if found is None else render(self.exporter, found)


def targets(box: Box, prometheus: dict[str, Any]) -> tuple[Target, ...]:
    """Every target of a built prometheus.yml whose program is not real."""
    return tuple(
        _target(box, job, address, dict(group.get("labels", {})), number)
        for job in prometheus["scrape_configs"]
        if job["job_name"] not in REAL
        for number, (group, address) in enumerate(_addresses(job))
    )


def _addresses(job: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for group in job["static_configs"]:
        for address in group["targets"]:
            yield group, address


def _target(box: Box, job: dict[str, Any], address: str, labels: dict[str, str], number: int) -> Target:
    name = str(job["job_name"])
    metrics_path = str(job.get("metrics_path", "/metrics"))
    path = f"/{name}/{number}{metrics_path}"
    query = {**job.get("params", {})}
    if name in PROBES:
        path, query = metrics_path, {**query, "target": [address]}
    if query:
        path += f"?{urlencode(query, doseq=True)}"
    exporter, samples = _page(box, name, address, labels, metrics_path)
    return Target(name, address, labels, path, exporter, samples)


def _page(box: Box, job: str, address: str, labels: dict[str, str], path: str) -> tuple[str, Report | None]:
    """The exporter of a job, and what it reports."""
    if job == COOLIFY:
        return "", None
    server = labels.get("server", box.topology.home.name)
    services = [one for one in box.topology.services if one.name == labels.get("service")]
    if job in _OF_SERVICES and services:
        return _of_service(box, job, services[0], server, path)
    others: dict[str, tuple[str, Report]] = {
        "node": (node.EXPORTER, lambda now: node.samples(box, server, now)),
        "cadvisor": (cadvisor.EXPORTER, lambda now: cadvisor.samples(box, server, now)),
        "docker": (docker.EXPORTER, lambda now: docker.samples(box, server, now)),
        "grafana": (grafana.EXPORTER, lambda now: grafana.samples(box, now)),
        "blackbox": (probe.EXPORTER, lambda now: probe.own(box, now)),
        "probe": (probe.PROBE, lambda now: probe.of_url(box, services[0], address, now)),
        "probe-ports": (probe.PROBE, lambda now: probe.of_port(box, labels["port"], labels["expected"], now)),
        "traefik": (traefik.EXPORTER, lambda now: _traefik(box, server, now)),
    }
    return others.get(job, (_APPLICATION, lambda now: _application(box, services, server, now)))


def _of_service(box: Box, job: str, service: Service, server: str, path: str) -> tuple[str, Report]:
    """The page of a backing service or its exporter."""
    found: dict[str, tuple[str, Report]] = {
        "postgres": (postgres.EXPORTER, lambda now: postgres.samples(box, service, server, now)),
        "redis": (redis.EXPORTER, lambda now: redis.samples(box, service, server, now)),
        "elasticsearch": (elasticsearch.EXPORTER, lambda now: elasticsearch.samples(box, service, server, now)),
        "minio": (
            minio.EXPORTER,
            lambda now: minio.samples(box, service, server, now, version=3 if path == _THIRD else 2),
        ),
        "rabbitmq": (rabbitmq.EXPORTER, lambda now: rabbitmq.samples(box, service, server, now, queues=False)),
        "rabbitmq_queues": (rabbitmq.EXPORTER, lambda now: rabbitmq.samples(box, service, server, now, queues=True)),
    }
    return found[job]


def _traefik(box: Box, server: str, now: float) -> Samples | None:
    for service in box.topology.services_of("traefik"):
        if server in service.server:
            return traefik.samples(box, server, box.since(now, service, server), now) if box.up(now, service) else None
    return traefik.samples(box, server, box.start - PAST, now)


def _application(box: Box, services: list[Service], server: str, now: float) -> Samples | None:
    """An application's own metrics, of which the demo knows what every process has."""
    if services and not box.up(now, services[0], server):
        return None
    return process.samples(box.since(now, services[0], server) if services else box.start - PAST, now)
