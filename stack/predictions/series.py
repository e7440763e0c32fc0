"""Series per scrape job, and those that rules record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.model import Record
from boxwatch.stack import prometheus
from boxwatch.stack.predictions import dimensions, exposures
from boxwatch.stack.predictions.dimensions import Dimensions
from boxwatch.stack.predictions.exposures import Exposure
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology

# `up` and its like, which Prometheus adds for each target (scrape.json in the catalogue).
_OF_SCRAPE: Final = 5
# An application's own metrics: a runtime's, and a histogram of its requests.
_OF_APPLICATION: Final = 150
# ALERTS and ALERTS_FOR_STATE of the Watchdog, and of a few other alerts.
_OF_ALERTS: Final = 6
_JOBS: Final[Mapping[str, Exposure]] = MappingProxyType(
    {
        names.JOB_NODE: exposures.NODE,
        names.JOB_CADVISOR: exposures.CADVISOR,
        names.JOB_DOCKER: exposures.DOCKER,
        names.JOB_PROMETHEUS: exposures.PROMETHEUS,
        names.JOB_ALERTMANAGER: exposures.ALERTMANAGER,
        names.JOB_GRAFANA: exposures.GRAFANA,
        names.JOB_BLACKBOX: exposures.BLACKBOX,
        names.JOB_PROBE: exposures.PROBE_HTTP,
        names.JOB_PROBE_PORTS: exposures.PROBE_TCP,
        "postgres": exposures.POSTGRES,
        "redis": exposures.REDIS,
        "elasticsearch": exposures.ELASTICSEARCH,
        "minio": exposures.MINIO,
        "rabbitmq": exposures.RABBITMQ,
        "rabbitmq_queues": exposures.RABBITMQ_QUEUES,
        "traefik": exposures.TRAEFIK,
        "coolify": exposures.COOLIFY,
    }
)
_MINIO_V3: Final = "v3"
# As many groups of rules as the default deployment has.
_GROUPS: Final = 70


@dataclass(frozen=True, slots=True)
class JobSeries:
    """One scrape job, or what rules record.

    Attributes:
        name: name of the job; `rules` for recorded series.
        targets: how many targets it has.
        series: series of all of them.
        interval: seconds between two samples of a series.
    """

    name: str
    targets: int
    series: int
    interval: int

    @property
    def samples_per_second(self) -> float:
        """Samples stored in a second."""
        return self.series / self.interval


def predict(built: Built) -> tuple[JobSeries, ...]:
    """The series of each job, in the order of prometheus.yml, and of the rules."""
    topology = built.topology
    of = _dimensions(topology, groups=sum(len(subject.groups) for subject in built.subjects))
    found = tuple(_of_job(topology, job, of) for job in prometheus.jobs(topology))
    recorded = round(sum(_recorded(built, of, sum(job.targets for job in found)))) + _OF_ALERTS
    return (*found, JobSeries("rules", 0, recorded, topology.scrape_interval))


def scraped(topology: Topology) -> int:
    """Series of all scrape jobs, without the rules'."""
    of = _dimensions(topology, groups=_GROUPS)
    return sum(_of_job(topology, job, of).series for job in prometheus.jobs(topology))


def _dimensions(topology: Topology, groups: int) -> dict[str, Dimensions]:
    jobs = len(prometheus.jobs(topology))
    return {one.name: dimensions.of(topology, one.name, jobs=jobs, groups=groups) for one in topology.servers}


def _of_job(topology: Topology, job: Mapping[str, Any], of: Mapping[str, Dimensions]) -> JobSeries:
    targets = 0
    series = 0.0
    for group in job["static_configs"]:
        labels = group["labels"]
        exposure = _JOBS.get(str(labels.get("job", job["job_name"])))
        path = str(labels.get("__metrics_path__", job.get("metrics_path", "")))
        if exposure is exposures.MINIO and _MINIO_V3 in path:
            exposure = exposures.MINIO_V3
        own = _OF_APPLICATION if exposure is None else exposure.series(of[labels[names.SERVER]])
        targets += len(group["targets"])
        series += len(group["targets"]) * (own + _OF_SCRAPE)
    return JobSeries(str(job["job_name"]), targets, round(series), topology.scrape_interval)


def _recorded(built: Built, of: Mapping[str, Dimensions], targets: int) -> Iterator[float]:
    for subject in built.subjects:
        kind = next((kind for kind in kinds.KINDS if subject.id in kind.rules), None)
        for record in subject.records:
            yield 1 if subject.id == names.PLAN_SUBJECT else _of_record(built, record, of, targets, kind)


def _of_record(
    built: Built, record: Record, of: Mapping[str, Dimensions], targets: int, kind: kinds.Kind | None
) -> float:
    """Series of one recording rule, by the level in its name (rules/names.py)."""
    topology = built.topology
    places = [(service, server) for service in topology.services for server in service.server]
    routes = sum(one.routes for one in of.values()) if topology.services_of("traefik") else 0
    level = record.record.partition(":")[0]
    if level == "service":
        # Of those of a kind, of those that answer requests, or of all.
        if kind is not None and not kind.about_others:
            return len(topology.services_of(kind.name))
        return routes if "request" in record.record or "budget:left" in record.record else len(places)
    return {
        "server": len(of),
        # Of a disk that is mounted more than once, rules record one series.
        "device": sum(one.mounts for one in of.values()) / 2,
        "container": sum(one.containers for one in of.values()),
        "component": sum(len(service.components) for service, _ in places),
        "target": targets,
        "uuid": sum(one.resources for one in of.values()),
        # Of each URL that is asked.
        "probe": sum(1 for service in topology.services if service.url),
        "router": routes,
        "code": 2 * routes,
        "bucket": routes * (len(topology.latency_buckets) + 1),
    }[level]
