"""The places of the plan in which containers run, each with its names in Docker, Coolify and Traefik."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from boxwatch.errors import InputError
from boxwatch.exporters.coolify.fake.payloads import uuid
from boxwatch.topology.model import Selector, Service, Topology

PROJECT, ENVIRONMENT = "shop", "production"
_DATABASES: Final = ("postgres", "redis")
_STACKS: Final = ("elasticsearch", "minio", "rabbitmq", "monitoring")


@dataclass(frozen=True, eq=False)
class Slot:
    """A place for one container of the plan. Two are never equal: to compare whole services would be slow.

    Attributes:
        service: the planned service.
        server: where it runs.
        component: its component, if the service has several.
        resource: its resource's name in Coolify; empty for Coolify's own containers.
        compose_service: its key in a compose file; empty if it has none.
        name: its container's fixed name; empty if Coolify gives it one.
        project: Coolify's project.
        environment: Coolify's environment.
        budget: RAM planned for it, bytes.
        limit: Docker's limit, bytes; 0 for none.
    """

    service: Service
    server: str
    component: str
    resource: str
    compose_service: str
    name: str
    project: str
    environment: str
    budget: int
    limit: int

    @functools.cached_property
    def uuid(self) -> str:
        """Its resource's uuid in Coolify."""
        return uuid(f"{self.resource}{self.server if len(self.service.server) > 1 else ''}")

    @property
    def application(self) -> bool:
        """Whether Coolify builds and deploys it."""
        own = (*_DATABASES, *_STACKS, "coolify", "traefik")
        return bool(self.resource) and not self.compose_service and self.service.kind not in own

    @property
    def database(self) -> str:
        """Its type as one of Coolify's databases: `postgresql`; empty if it is none."""
        names = {"postgres": "postgresql", "redis": "redis"}
        return names.get(self.service.kind, "") if self.resource and not self.compose_service else ""

    @property
    def image(self) -> str:
        """Its image."""
        part = self.component or self.service.kind
        return f"{self.uuid}:3f2c0de" if self.application else f"{part}:latest"

    def docker_name(self, deployed: float) -> str:
        """The name of a container that was deployed at a moment."""
        if self.name:
            return self.name
        if self.application:
            return f"{self.uuid}-{int(deployed) % 10**12:012d}"
        return f"{self.compose_service}-{self.uuid}" if self.compose_service else self.uuid

    @property
    def key(self) -> str:
        """What faults and dice know it by."""
        return self.resource or self.name or self.compose_service

    @functools.cached_property
    def id(self) -> str:
        """A name of its own, for dice."""
        return f"{self.server}/{self.service.name}/{self.component}/{self.key}"


def slots(topology: Topology) -> tuple[Slot, ...]:
    """Every place of the plan.

    Raises:
        InputError: a selector is a pattern for which no name can be found.
    """
    return tuple(
        slot
        for service in topology.services
        for server in service.server
        for number in range(service.replicas)
        for selector in service.components
        if not (selector.optional and selector.component == "sentinel")
        for slot in (_slot(service, server, selector, number),)
    )


def _slot(service: Service, server: str, selector: Selector, number: int) -> Slot:
    what = f"services.{service.name}.containers"
    fixed = _name(selector.name, service, number, what) if selector.name else ""
    compose = _name(selector.compose_service, service, number, what) if selector.compose_service else ""
    resource = _name(selector.resource, service, number, what) if selector.resource else ""
    if not resource and not fixed:
        resource = service.name
    stated = sum(one.memory or 0 for one in service.components)
    rest = sum(one.memory is None for one in service.components)
    budget = selector.memory or (service.memory - stated) // max(1, rest)
    planned = service.limit != "none" and (len(service.components) == 1 or selector.memory is not None)
    stated_limit = service.limit if isinstance(service.limit, int) and len(service.components) == 1 else budget
    limit = stated_limit if planned else 0
    return Slot(
        service, server, selector.component or "", resource, compose, fixed,
        _named(selector.project, (PROJECT,), what) if selector.project else PROJECT,
        _named(selector.environment, (ENVIRONMENT,), what) if selector.environment else ENVIRONMENT,
        budget, limit,
    )  # fmt: skip


def _name(pattern: str, service: Service, number: int, what: str) -> str:
    """A name for one of a service's replicas, as people choose them: `web`, or `web-1` and `web-2`."""
    numbered = tuple(f"{base}-{number + 1}" for base in (service.name, _literal(pattern)) if base)
    plain = (service.name, _literal(pattern), pattern.partition("|")[0])
    return _named(pattern, (*numbered, *plain) if service.replicas > 1 else (*plain, *numbered), what)


def _literal(pattern: str) -> str:
    """What a pattern begins with."""
    return re.split(r"[\\^$.|?*+()\[\]{}]", pattern, maxsplit=1)[0].rstrip("-_")


def _named(pattern: str, candidates: tuple[str, ...], what: str) -> str:
    """The first candidate that a pattern matches.

    Raises:
        InputError: there is none.
    """
    for candidate in (*candidates, _literal(pattern)):
        if candidate and re.fullmatch(pattern, candidate):
            return candidate
    raise InputError(
        f"{what}: the demo finds no name that {pattern!r} matches: add a plain alternative, such as "
        f"{pattern}|{re.escape(candidates[-1] or candidates[0])}"
    )
