"""Scrape jobs of the servers: node_exporter, cAdvisor and, where configured, the Docker engine."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.relabelling import Config, relabel
from boxwatch.stack.containers import relabelling
from boxwatch.stack.scrape import target
from boxwatch.topology.model import Server, Topology


def jobs(topology: Topology) -> tuple[Config, ...]:
    """The jobs of all servers."""
    docker = [target(server.name, server.targets.docker) for server in topology.servers if server.targets.docker]
    return (
        {
            "job_name": names.JOB_NODE,
            "static_configs": [target(server.name, server.targets.node) for server in topology.servers],
        },
        *(_cadvisor(topology, server) for server in topology.servers),
        *([_docker(docker)] if docker else []),
    )


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
