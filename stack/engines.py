"""Scrape jobs of the services: databases, Traefik, Coolify, and what the applications expose themselves."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names
from boxwatch.stack.scrape import Config, relabel, target
from boxwatch.topology.kinds import Kind
from boxwatch.topology.model import Service, Topology

JOBS: Mapping[Kind, str] = MappingProxyType(
    {
        "postgres": names.JOB_POSTGRES,
        "redis": names.JOB_REDIS,
        "elasticsearch": names.JOB_ELASTICSEARCH,
        "minio": names.JOB_MINIO,
        "traefik": names.JOB_TRAEFIK,
        "coolify": names.JOB_COOLIFY,
    }
)
# What these tell is about other services: a target label `service` would collide with Traefik's own, and would be wrong
# on Coolify's resources.
_OF_OTHERS = frozenset({names.JOB_TRAEFIK, names.JOB_COOLIFY})

# How Coolify names Traefik's services (4.3, bootstrap/helpers/docker.php, fqdnLabelsForTraefik): https-0-UUID or
# http-1-UUID, of compose resources followed by the compose service and, since 4.3.0, a suffix. Where it knows no port
# it names none, and Traefik makes the name up from compose service and project, which is the uuid (docker provider).
_COOLIFY_ROUTER = "https?-[0-9]+-([a-z0-9]+)(?:-.*)?@docker"
_COMPOSE_ROUTER = ".+-([a-z0-9]{24})@docker"
# Previews of pull requests have -pr-7 after the uuid, those of compose resources -7: no traffic of the service.
_PREVIEW_ROUTER = "https?-[0-9]+-[a-z0-9]+-(?:pr-)?[0-9]+(?:-.*)?@docker"


def jobs(topology: Topology) -> tuple[Config, ...]:
    """One job a kind, in the order of the kinds, with every service of that kind that needs no token of its own."""
    found: dict[str, list[Config]] = {job: [] for job in (*JOBS.values(), names.JOB_APP)}
    for service in topology.services:
        if service.metrics_token_file is None:
            job = _job_of(service)
            found[job].extend(_targets(topology, service, job))
    return (
        *(_job(topology, job, job, places) for job, places in found.items() if places),
        *(_with_token(topology, service) for service in topology.services if service.metrics_token_file is not None),
    )


def _job_of(service: Service) -> str:
    return JOBS.get(service.kind, names.JOB_APP)


def _job(topology: Topology, name: str, job: str, places: list[Config]) -> Config:
    return {"job_name": name, **_extra(topology, job), "static_configs": places}


def _with_token(topology: Topology, service: Service) -> Config:
    """A job for one service: credentials are a matter of the job. Rules know one job name, which is set on targets."""
    job = _job_of(service)
    places = _targets(topology, service, job, told=job)
    authorization = {"authorization": {"credentials_file": service.metrics_token_file}}
    return {**_job(topology, f"{job}-{service.name}", job, places), **authorization}


def _targets(topology: Topology, service: Service, job: str, *, told: str = "") -> list[Config]:
    name = "" if job in _OF_OTHERS else service.name
    path = service.metrics_path or ""
    return [
        target(server, place, service=name, __metrics_path__=path, job=told)
        for server, place in topology.metrics_of(service)
    ]


def _extra(topology: Topology, job: str) -> Config:
    """What a job needs beside its targets."""
    if job == names.JOB_TRAEFIK:
        return {"metric_relabel_configs": _routers(topology)}
    if job == names.JOB_COOLIFY:
        return {"metric_relabel_configs": _resources(topology)}
    if job == names.JOB_MINIO:
        return {"metrics_path": "/minio/v2/metrics/cluster"}
    return {}


def _routers(topology: Topology) -> list[Config]:
    return [
        relabel([names.SERVICE], _COMPOSE_ROUTER, names.UUID, "$1"),
        relabel([names.SERVICE], _COOLIFY_ROUTER, names.UUID, "$1"),
        relabel([names.SERVICE], _PREVIEW_ROUTER, names.UUID, ""),
        *(
            relabel([names.SERVICE], _of_compose(pattern), names.PLANNED_SERVICE, service)
            for service, pattern in _compose_services(topology)
        ),
        *(
            relabel([names.SERVICE], f"(?:{pattern})(?:@.*)?", names.PLANNED_SERVICE, service.name)
            for service in topology.services
            # The first that matches wins, and in Prometheus the last rule does.
            for pattern in reversed(service.routers)
        ),
    ]


def _compose_services(topology: Topology) -> tuple[tuple[str, str], ...]:
    """(service, pattern) of services that are part of a compose resource, whose uuid is that of all its parts.

    Where two services are recognised by the same key of different resources, only the uuid tells them apart.
    """
    keys = [
        (service, selector.compose_service)
        for service in topology.services
        for selector in service.selectors
        if selector.compose_service is not None
    ]
    owners: dict[str, set[str]] = {}
    for service, pattern in keys:
        owners.setdefault(pattern, set()).add(service.name)
    return tuple(
        (service.name, pattern) for service, pattern in keys if len(owners[pattern]) == 1 and not service.routers
    )


def _of_compose(pattern: str) -> str:
    return f"(?:https?-[0-9]+-[a-z0-9]+-(?:{pattern})(?:-[0-9a-f]{{4}})?|(?:{pattern})-[a-z0-9]{{24}})@docker"


def _resources(topology: Topology) -> list[Config]:
    """A resource of Coolify belongs to the service whose containers it makes."""
    return [
        relabel([coolify.RESOURCE], selector.resource, names.SERVICE, service.name)
        for service in topology.services
        for selector in reversed(service.selectors)
        if selector.resource is not None
    ]
