"""Probes: what the world sees of the deployment, asked by the blackbox exporter.

Public URLs are asked as users ask them, and ports of public addresses are tried: those that are `exposed` must answer,
and no other may. A prober on the server that it probes goes through the server's own network and not through the
provider's firewall or the user's DNS: run it elsewhere and say where in `stack.blackbox` (docs/probes.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.rules import names, yaml
from boxwatch.rules.relabelling import Config
from boxwatch.stack.scrape import target
from boxwatch.topology import kinds
from boxwatch.topology.model import Server, Topology

HTTP = "http"
TCP = "tcp"

# Docker's API, in plain text and with TLS: whoever reaches it is root. And its metrics, should they listen everywhere.
DOCKER = (2375, 2376, 9323)
# The stack's usual ports. Where a server's exporters or the stack answer otherwise, those are closed as well.
STACK = (3000, 8080, 9090, 9093, 9100, 9115)

_HEADER = """Modules of the blackbox exporter for deployment {name}, made by boxwatch. Do not edit.
Start it with --config.file=blackbox.yml."""


def jobs(topology: Topology) -> tuple[Config, ...]:
    """The jobs of both kinds; none of a kind of which there is nothing to probe."""
    urls = [
        target(service.server[0], service.url, service=service.name) for service in topology.services if service.url
    ]
    ports = [one for server in topology.servers for one in _ports(topology, server)]
    return (
        *([_job(topology, names.JOB_PROBE, HTTP, urls)] if urls else []),
        *([_job(topology, names.JOB_PROBE_PORTS, TCP, ports)] if ports else []),
    )


def files(topology: Topology) -> dict[str, bytes]:
    """Path → content of the blackbox exporter's configuration."""
    document = {
        "modules": {
            # A redirect to the login page or to https is how a healthy site answers. Any valid certificate will do;
            # one that is not fails the probe. IPv6 only where there is no IPv4: most servers' containers have none.
            HTTP: {
                "prober": "http",
                "timeout": "9s",
                "http": {"follow_redirects": True, "preferred_ip_protocol": "ip4", "ip_protocol_fallback": True},
            },
            # A firewall that drops packets looks like this: no answer in time.
            TCP: {
                "prober": "tcp",
                "timeout": "5s",
                "tcp": {"preferred_ip_protocol": "ip4", "ip_protocol_fallback": True},
            },
        }
    }
    return {"blackbox/blackbox.yml": yaml.dump(document, _HEADER.format(name=topology.name))}


def _job(topology: Topology, name: str, module: str, targets: list[Config]) -> Config:
    return {
        "job_name": name,
        "metrics_path": "/probe",
        "params": {"module": [module]},
        "static_configs": targets,
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": topology.stack.blackbox},
        ],
    }


def _ports(topology: Topology, server: Server) -> Iterator[Config]:
    if server.public_address is None:
        return
    owners, opened = _owners(topology, server)
    for port in sorted(owners):
        yield target(
            server.name,
            server.public(port),
            service=owners[port],
            port=str(port),
            expected="open" if port in opened else "closed",
        )


def _owners(topology: Topology, server: Server) -> tuple[dict[int, str], frozenset[int]]:
    """Port → the service that it belongs to, empty if that is not known; and the ports that may answer."""
    services = topology.services_on(server.name)
    found: dict[int, str] = {}
    for service in services:
        for port in service.ports:
            found.setdefault(port, service.name)
    for service in services:
        for port in kinds.of(service.kind).published:
            found.setdefault(port, service.name)
        for name, place in topology.metrics_of(service):
            if name == server.name:
                found.setdefault(_port(place), service.name)
    stack = topology.stack
    near = [server.targets.node, server.targets.cadvisor, *([server.targets.docker] if server.targets.docker else [])]
    if server == topology.home:
        near += [stack.prometheus, stack.alertmanager, stack.grafana, stack.blackbox]
    monitoring = next((service.name for service in services if service.kind == "monitoring"), "")
    for port in (*map(_port, near), *STACK):
        found.setdefault(port, monitoring)
    for port in DOCKER:
        found.setdefault(port, "")
    opened = frozenset(port for service in services if service.exposed for port in service.ports)
    return found, opened


def _port(place: str) -> int:
    return int(place.rpartition(":")[2])
