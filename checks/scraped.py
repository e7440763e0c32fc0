"""Which exporters a deployment scrapes, and under which job: read from prometheus.yml, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import yaml

from boxwatch.errors import BoxwatchError
from boxwatch.exporters import metrics
from boxwatch.rules import names

# Job → exporters, or None for a job of which nobody can know what it exposes.
Scraped = Mapping[str, frozenset[str] | None]

# What is behind each job of ours, as files of the catalogue.
EXPORTERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        names.JOB_CADVISOR: frozenset({metrics.CADVISOR}),
        names.JOB_NODE: frozenset({"node_exporter"}),
        names.JOB_DOCKER: frozenset({"docker-engine"}),
        names.JOB_PROMETHEUS: frozenset({"prometheus"}),
        names.JOB_ALERTMANAGER: frozenset({"alertmanager"}),
        names.JOB_GRAFANA: frozenset({"grafana"}),
        names.JOB_BLACKBOX: frozenset({"blackbox_exporter"}),
        names.JOB_PROBE: frozenset({"blackbox_probe"}),
        names.JOB_PROBE_PORTS: frozenset({"blackbox_probe"}),
        names.JOB_POSTGRES: frozenset({"postgres_exporter"}),
        names.JOB_REDIS: frozenset({"redis_exporter"}),
        names.JOB_ELASTICSEARCH: frozenset({"elasticsearch_exporter"}),
        names.JOB_MINIO: frozenset({"minio"}),
        names.JOB_TRAEFIK: frozenset({"traefik"}),
        names.JOB_COOLIFY: frozenset({metrics.COOLIFY}),
    }
)


def read(path: str, content: bytes) -> Scraped:
    """The jobs of a Prometheus configuration.

    Raises:
        BoxwatchError: it is no YAML, or its scrape jobs are not shaped as Prometheus wants them.
    """
    try:
        document = yaml.safe_load(content)
        configs = (document or {}).get("scrape_configs") or []
        jobs = {job for config in configs for job in _jobs(config)}
    except (yaml.YAMLError, RecursionError, AttributeError, TypeError, KeyError) as error:
        message = f"{path}: has no list of scrape_configs as Prometheus reads it ({type(error).__name__})"
        raise BoxwatchError(f"{message}; promtool check config says what is wrong") from error
    return {job: EXPORTERS.get(job) for job in sorted(jobs)}


def _jobs(config: Mapping[str, object]) -> Iterator[str]:
    """The job's name, or what its targets are labelled with instead."""
    statics = config.get("static_configs")
    labels = [place.get("labels") or {} for place in statics] if isinstance(statics, list) else []
    for own in labels or [{}]:
        yield str(own.get("job", config["job_name"]))
