"""What is not monitored because the topology says that a part does not exist (`none`), in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.topology.model import Topology
from boxwatch.topology.wording import listed

_STACK: Final = (
    ("prometheus", "failing rules, missed evaluations and a full storage of Prometheus go unnoticed"),
    ("alertmanager", "nobody is notified; alerts are only displayed"),
    ("blackbox", "public URLs, certificates and ports are not probed"),
)


def losses(topology: Topology) -> tuple[str, ...]:
    """One line per part that does not exist: where the topology says so, and what is lost."""
    found = (*_stack(topology), *_servers(topology), *_services(topology))
    return tuple(f"{where} is none: {what}" for where, what in found)


def _stack(topology: Topology) -> Iterator[tuple[str, str]]:
    for part, lost in _STACK:
        if getattr(topology.stack, part) is None:
            yield f"stack.{part}", lost
    if topology.stack.grafana is None:
        lost = "Grafana's errors go unnoticed" if topology.shows_dashboards else "no dashboards are built"
        yield "stack.grafana", lost


def _servers(topology: Topology) -> Iterator[tuple[str, str]]:
    for server in topology.servers:
        where = f"servers.{server.name}"
        if server.targets.node is None:
            lost = "memory, disks, CPU, clock and state of the server, and OOM kills on it, go unnoticed"
            yield f"{where}.exporters.node", lost
        if server.containers == "none":
            there = tuple(service.name for service in topology.services_on(server.name))
            yield f"{where}.containers", _watched(topology, there)
        elif server.targets.cadvisor is None:
            lost = "replicas, restarts, health, RAM and OOM kills of its containers go unnoticed"
            yield f"{where}.exporters.cadvisor", lost


def _services(topology: Topology) -> Iterator[tuple[str, str]]:
    for service in topology.services:
        if service.containers is None:
            yield f"services.{service.name}.containers", _watched(topology, (service.name,))


def _watched(topology: Topology, names: tuple[str, ...]) -> str:
    """What is left to monitor the services by, and which have nothing."""
    services = [service for service in topology.services if service.name in names]
    blind = [
        f"`{service.name}`"
        for service in services
        if not topology.metrics_of(service) and (service.url is None or topology.stack.blackbox is None)
    ]
    if blind:
        return f"an outage of {listed(blind)} goes unnoticed: set `metrics` or `url`"
    return "outages show in metrics and probes only, and RAM is not compared with the plan"
