"""prometheus.yml: what is scraped, with the labels that rules and dashboards join on.

Loads in Prometheus 2.42 and later: `honor_timestamps: false` for cAdvisor does what `track_timestamps_staleness` (2.48)
does for removed containers, since samples with a timestamp of their own get no stale marker (measured: memory of a
removed container stayed for 300 s with the defaults and left within one scrape with either).
"""

from __future__ import annotations

from boxwatch.rules import yaml
from boxwatch.stack import monitoring, probes, server_jobs, service_jobs
from boxwatch.stack.containers import WHITELISTED_LABELS
from boxwatch.topology.model import Topology
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
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [topology.stack.alertmanager]}]}]},
        "scrape_configs": [
            *monitoring.jobs(topology),
            *server_jobs.jobs(topology),
            *service_jobs.jobs(topology),
            *probes.jobs(topology),
        ],
    }
    header = _HEADER.format(name=topology.name, labels=",".join(WHITELISTED_LABELS), interval=interval)
    return {"prometheus/prometheus.yml": yaml.dump(document, header)}
