"""Scrape jobs of the servers: node_exporter, cAdvisor and, where configured, the Docker engine."""

from __future__ import annotations

import re
from typing import Final

from boxwatch.rules import names
from boxwatch.rules.relabelling import Config, relabel
from boxwatch.stack.containers import relabelling
from boxwatch.stack.scrape import target
from boxwatch.topology.model import Server, Topology

_NODE_PORT: Final = 9100


def jobs(topology: Topology) -> tuple[Config, ...]:
    """The jobs of all servers."""
    docker = [target(server.name, server.targets.docker) for server in topology.servers if server.targets.docker]
    return (
        {
            "job_name": names.JOB_NODE,
            "static_configs": [target(server.name, server.targets.node) for server in topology.servers],
            **_discovered(topology),
        },
        *(_cadvisor(topology, server) for server in topology.servers),
        *([_docker(docker)] if docker else []),
    )


def _discovered(topology: Topology) -> Config:
    """Servers that Coolify knows and the topology does not, as the Coolify exporter lists them.

    Its targets have labels that static ones lack, and the relabelling matches only these.
    """
    places = [place for service in topology.services_of("coolify") for _, place in topology.metrics_of(service)]
    if topology.stack.discovery != "http" or not places:
        return {}
    planned = "|".join(re.escape(server.name) for server in topology.servers)
    return {
        "http_sd_configs": [
            {"url": f"http://{place}/sd/servers?port={_NODE_PORT}", "refresh_interval": "1m"} for place in places
        ],
        "relabel_configs": [
            # The server that Coolify itself runs on has an address that only its own containers understand.
            relabel(["__meta_coolify_host"], "true", action="drop"),
            relabel(["__meta_coolify_server"], planned, action="drop"),
            relabel(["__meta_coolify_server"], "(.+)", names.SERVER, "$1"),
        ],
    }


def _docker(targets: list[Config]) -> Config:
    return {
        "job_name": names.JOB_DOCKER,
        "static_configs": targets,
        # Two thirds of the series are etcd's and Swarm's, always present and always idle (437 series on 20.10.24).
        "metric_relabel_configs": [relabel(["__name__"], "(etcd|swarm)_.*", action="drop")],
    }


def _cadvisor(topology: Topology, server: Server) -> Config:
    """One job per server, because every sample passes all relabelling rules of its job."""
    only = len(topology.servers) == 1
    # Rules expect one job name.
    place = target(server.name, server.targets.cadvisor, **({} if only else {"job": names.JOB_CADVISOR}))
    return {
        "job_name": names.JOB_CADVISOR if only else f"{names.JOB_CADVISOR}-{server.name}",
        "honor_timestamps": False,
        "static_configs": [place],
        "metric_relabel_configs": relabelling(topology, server.name),
    }
