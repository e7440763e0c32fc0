"""The built configuration, as the demo runs it: the same jobs, rules and routes, with loopback for every address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml

from boxwatch.simulation.pace import Pace
from boxwatch.simulation.targets import PROBES, REAL, Target
from boxwatch.topology.model import Topology
from boxwatch.topology.notifications import Notifications

RECEIVERS: Final = ("critical", "warning", "info")
_HEARTBEAT: Final = "heartbeat"
_PROMETHEUS: Final = "prometheus/prometheus.yml"
_RULES: Final = "prometheus/rules/"
_ALERTMANAGER: Final = "alertmanager/"
# What only the built addresses need.
_ACCESS: Final = ("authorization", "basic_auth", "tls_config", "scheme", "static_configs")
_EXAMPLE: Final = "203.0.113.7"


def complete(topology: Topology, receiver: str) -> Topology:
    """The deployment with what the demo shows: notifications to a receiver of ours, and something to probe."""
    said = topology.notifications
    told = {name: {"webhook": {"url": f"{receiver}/{name}"}} for name in (*RECEIVERS, _HEARTBEAT)}
    notifications = Notifications.model_validate(
        {"receivers": told, **{name: name for name in RECEIVERS}, "watchdog": _HEARTBEAT}
    )
    if said is not None:
        kept = ("group_by", "group_wait", "group_interval")
        notifications = notifications.model_copy(update={name: getattr(said, name) for name in kept})
    probed = any(server.public_address for server in topology.servers)
    servers = tuple(
        server
        if probed or server.name != topology.home.name
        else server.model_copy(update={"public_address": _EXAMPLE})
        for server in topology.servers
    )
    urls = any(service.url for service in topology.services)
    services = tuple(
        service.model_copy(update={"url": f"https://{service.name}.example.com"})
        if service.faces_users and not urls
        else service
        for service in topology.services
    )
    return topology.model_copy(update={"notifications": notifications, "servers": servers, "services": services})


def prometheus(
    built: Mapping[str, bytes], targets: tuple[Target, ...], pace: Pace, box: str, real: Mapping[str, str]
) -> dict[str, Any]:
    """prometheus.yml with every target on loopback.

    Args:
        built: the built files.
        targets: what the simulated box serves.
        pace: how fast time runs.
        box: where it serves it, host:port.
        real: job → host:port of the programs that are real.
    """
    document: dict[str, Any] = yaml.safe_load(built[_PROMETHEUS])
    for key in ("scrape_interval", "evaluation_interval"):
        document["global"][key] = pace.duration(document["global"][key])
    for one in document["alerting"]["alertmanagers"]:
        one["static_configs"] = [{"targets": [real["alertmanager"]]}]
    document["rule_files"] = ["rules/*.yaml"]
    document["scrape_configs"] = [_job(job, targets, pace, box, real) for job in document["scrape_configs"]]
    return document


def _job(
    job: dict[str, Any], targets: tuple[Target, ...], pace: Pace, box: str, real: Mapping[str, str]
) -> dict[str, Any]:
    name = str(job["job_name"])
    kept = {key: value for key, value in job.items() if key not in _ACCESS}
    for key in ("scrape_interval", "scrape_timeout"):
        if key in kept:
            kept[key] = pace.duration(str(kept[key]))
    if name in REAL:
        kept["static_configs"] = [
            {"targets": [real[name]], "labels": {**group.get("labels", {}), "instance": address}}
            for group in job["static_configs"]
            for address in group["targets"]
        ]
    elif name in PROBES:
        kept["static_configs"] = job["static_configs"]
        kept["relabel_configs"] = [
            {**rule, "replacement": box} if rule.get("target_label") == "__address__" else rule
            for rule in job["relabel_configs"]
        ]
    else:
        kept["static_configs"] = [
            {
                "targets": [box],
                "labels": {**one.labels, "instance": one.address, "__metrics_path__": one.path.partition("?")[0]},
            }
            for one in targets
            if one.job == name
        ]
    return kept


def rules(built: Mapping[str, bytes], pace: Pace) -> dict[str, bytes]:
    """Name → content of each rule file."""
    return {
        path.removeprefix(_RULES): content
        if pace.real
        else yaml.safe_dump(pace.rules(yaml.safe_load(content)), sort_keys=False, allow_unicode=True).encode()
        for path, content in built.items()
        if path.startswith(_RULES)
    }


def alertmanager(built: Mapping[str, bytes], pace: Pace) -> dict[str, bytes]:
    """Name → content of Alertmanager's files."""
    found = {path.removeprefix(_ALERTMANAGER): content for path, content in built.items()
             if path.startswith(_ALERTMANAGER)}  # fmt: skip
    name = "alertmanager.yml"
    if not pace.real:
        found[name] = yaml.safe_dump(pace.alertmanager(yaml.safe_load(found[name])), sort_keys=False).encode()
    return found
