"""prometheus.yml: what is scraped, with the labels that rules and dashboards join on.

Loads in Prometheus 2.42 and later: `honor_timestamps: false` for cAdvisor does what `track_timestamps_staleness` (2.48)
does for removed containers, since samples with a timestamp of their own get no stale marker (measured: memory of a
removed container stayed for 300 s with the defaults and left within one scrape with either).
"""

from __future__ import annotations

from boxwatch.rules import names, yaml
from boxwatch.stack.containers import WHITELISTED_LABELS, relabelling
from boxwatch.topology.model import Server, Topology
from boxwatch.topology.units import format_duration

_HEADER = """Prometheus configuration of deployment {name}, made by boxwatch. Do not edit.
cAdvisor needs these flags: --store_container_labels=false --docker_only=true
--whitelisted_container_labels={labels}
--housekeeping_interval={interval}"""


def files(topology: Topology) -> dict[str, bytes]:
    """Path → content of Prometheus' configuration."""
    interval = format_duration(topology.scrape_interval)
    document = {
        "global": {"scrape_interval": interval, "evaluation_interval": interval},
        "rule_files": ["rules/*.yaml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [_ALERTMANAGER]}]}]},
        "scrape_configs": [
            _prometheus(topology),
            {
                "job_name": names.JOB_NODE,
                "static_configs": [_target(server, server.targets.node) for server in topology.servers],
            },
            *(_cadvisor(topology, server) for server in topology.servers),
        ],
    }
    header = _HEADER.format(name=topology.name, labels=",".join(WHITELISTED_LABELS), interval=interval)
    return {"prometheus/prometheus.yml": yaml.dump(document, header)}


# Alertmanager runs beside Prometheus in the monitoring stack.
_ALERTMANAGER = "alertmanager:9093"


def _target(server: Server, target: str) -> dict[str, object]:
    # A label of the target and not an external label: local rules do not see those.
    return {"targets": [target], "labels": {names.SERVER: server.name}}


def _prometheus(topology: Topology) -> dict[str, object]:
    """Prometheus itself runs on the server that is reached without an address; the first, if all have one."""
    home = next((server for server in topology.servers if server.address is None), topology.servers[0])
    return {"job_name": names.JOB_PROMETHEUS, "static_configs": [_target(home, "localhost:9090")]}


def _cadvisor(topology: Topology, server: Server) -> dict[str, object]:
    """One job a server: every sample passes all relabelling rules of its job, so each server has just its own."""
    only = len(topology.servers) == 1
    target = _target(server, server.targets.cadvisor)
    if not only:
        labels = target["labels"]
        if isinstance(labels, dict):
            # Rules know one job name.
            target["labels"] = {"job": names.JOB_CADVISOR, **labels}
    return {
        "job_name": names.JOB_CADVISOR if only else f"{names.JOB_CADVISOR}-{server.name}",
        "honor_timestamps": False,
        "static_configs": [target],
        "metric_relabel_configs": relabelling(topology, server.name),
    }
