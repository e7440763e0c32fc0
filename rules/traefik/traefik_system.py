"""Traefik as a monitored system."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.patterns.system import System
from boxwatch.rules.relabelling import Config, relabel
from boxwatch.rules.traefik import traefik, traefik_routes
from boxwatch.rules.traefik.traefik_healthy_day import proxy
from boxwatch.topology.model import Topology

# How Coolify names Traefik's services (4.3, bootstrap/helpers/docker.php, fqdnLabelsForTraefik): https-0-UUID or
# http-1-UUID, of compose resources followed by the compose service and, since 4.3.0, a suffix. Where it knows no port
# it names none, and Traefik makes the name up from compose service and project, which is the uuid (docker provider).
_COOLIFY_ROUTER = "https?-[0-9]+-([a-z0-9]+)(?:-.*)?@docker"
_COMPOSE_ROUTER = ".+-([a-z0-9]{24})@docker"
# Previews of pull requests have -pr-7 after the uuid, those of compose resources -7: no traffic of the service.
_PREVIEW_ROUTER = "https?-[0-9]+-[a-z0-9]+-(?:pr-)?[0-9]+(?:-.*)?@docker"


def relabelling(topology: Topology) -> list[Config]:
    """Assigns routers to planned services: by name in the topology, or by the uuid in the name."""
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


SYSTEM = System(
    name="traefik",
    subjects=(traefik.subject, traefik_routes.subject),
    healthy_day=proxy,
    switch_on="add the four `metrics` lines of docs/exporters/traefik.md to the proxy's command in Coolify, then "
    "restart the proxy",
    during="while a service is deployed behind the proxy, and the proxy restarted",
    related=("probes",),
    silences=("service_requests", "slo_burn"),
    relabelling=relabelling,
)
