"""Scrape jobs of the services: databases, Traefik, Coolify, and the applications' own metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from boxwatch.rules import names
from boxwatch.rules.patterns.system import System
from boxwatch.rules.relabelling import Config
from boxwatch.rules.systems import SYSTEMS
from boxwatch.stack.scrape import target
from boxwatch.topology.kinds import Page
from boxwatch.topology.model import Service, Topology

_BY_KIND: Mapping[str, System] = MappingProxyType({system.name: system for system in SYSTEMS})
_USUAL = Page()


def jobs(topology: Topology) -> tuple[Config, ...]:
    """One job per metrics page of a kind, with all its services; services with a token have a job of their own."""
    return (
        *(
            job
            for system in SYSTEMS
            for page in system.kind.pages
            if (job := _shared(topology, topology.services_of(system.name), system, page)) is not None
        ),
        *([own] if (own := _applications(topology)) is not None else []),
        *(
            job
            for service in topology.services
            if service.metrics_token_file is not None
            for job in _with_token(topology, service)
        ),
    )


def _applications(topology: Topology) -> Config | None:
    """The job of services whose kind has no rules."""
    return _shared(topology, tuple(one for one in topology.services if one.kind not in _BY_KIND), None, _USUAL)


def _shared(topology: Topology, services: tuple[Service, ...], system: System | None, page: Page) -> Config | None:
    """The job of services without a token; None where there are none."""
    places = [
        place
        for service in services
        if service.metrics_token_file is None
        for place in _targets(topology, service, system, page)
    ]
    return _job(topology, _name(system, page), system, page, places) if places else None


def _name(system: System | None, page: Page) -> str:
    return names.JOB_APP if system is None else system.kind.job_of(page)


def _job(topology: Topology, name: str, system: System | None, page: Page, places: list[Config]) -> Config:
    relabelling = None if system is None else system.relabelling
    return {
        "job_name": name,
        **({"metrics_path": page.path} if page.path != _USUAL.path else {}),
        **({"params": {key: list(values) for key, values in page.params}} if page.params else {}),
        **({"metric_relabel_configs": relabelling(topology)} if relabelling else {}),
        "static_configs": places,
    }


def _with_token(topology: Topology, service: Service) -> Iterator[Config]:
    """Jobs of one service, because credentials belong to the job. Its targets carry the job name that rules expect."""
    system = _BY_KIND.get(service.kind)
    authorization = {"authorization": {"credentials_file": service.metrics_token_file}}
    for page in (_USUAL,) if system is None else system.kind.pages:
        job = _name(system, page)
        if places := _targets(topology, service, system, page, job=job):
            yield {**_job(topology, f"{job}-{service.name}", system, page, places), **authorization}


def _targets(topology: Topology, service: Service, system: System | None, page: Page, *, job: str = "") -> list[Config]:
    """The targets of one page. A path in the topology replaces the first page's."""
    name = "" if system is not None and system.kind.about_others else service.name
    path = "" if page.name else service.metrics_path or ""
    return [
        target(server, place, service=name, __metrics_path__=path, job=job)
        for server, place in topology.metrics_of(service)
    ]
