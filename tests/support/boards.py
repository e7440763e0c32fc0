"""Topologies to build dashboards for, dashboards to break, and Grafana's own files to compare with."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import yaml

from boxwatch.checks.finding import Finding
from boxwatch.dashboards import catalogue
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node
from boxwatch.rules import catalogue as rules
from boxwatch.topology.model import Topology

ROOT = Path(__file__).parents[2]


def default_topology() -> Topology:
    """The default deployment shipped with the package."""
    text = (ROOT / "topology" / "default.yaml").read_text(encoding="utf-8")
    return Topology.model_validate(yaml.safe_load(text))


def a_topology(servers: int = 1, services: int = 3, *, scrape_interval: str = "30s", **thresholds: object) -> Topology:
    """A topology whose servers each run all services."""
    names = [f"server-{number}" for number in range(1, servers + 1)]
    return Topology.model_validate(
        {
            "name": "test",
            "scrape_interval": scrape_interval,
            "servers": {name: {"cpus": 8, "memory": "32g", "disk": "500GB", "reserved": "4g"} for name in names},
            "services": {
                f"service-{number}": {"kind": "web", "server": names, "memory": "1g", "replicas": 2}
                for number in range(1, services + 1)
            },
            "thresholds": thresholds,
        }
    )


def without(topology: Topology, *kinds: str) -> Topology:
    """The same deployment without the services of some kinds."""
    kept = tuple(service for service in topology.services if service.kind not in kinds)
    return topology.model_copy(update={"services": kept})


@cache
def _texts() -> dict[str, bytes]:
    return catalogue.files(rules.build(default_topology()))


def ours() -> dict[str, Node]:
    """File name and JSON of our dashboards for the default topology, as fresh copies to break."""
    return {name: json.loads(text) for name, text in _texts().items()}


def panel(dashboard: Node, title: str) -> Node:
    """The panel with this title."""
    return next(each for each in tree.panels(dashboard) if each.get("title") == title)


def a_dashboard(*panels: Node, variables: tuple[Node, ...] = ()) -> Node:
    """A small valid dashboard with the given panels."""
    source: Node = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
    return {
        "annotations": {"list": []},
        "editable": False,
        "panels": [copy.deepcopy(each) for each in panels],
        "refresh": "30s",
        "schemaVersion": 42,
        "templating": {"list": [source, *variables]},
        "title": "A dashboard",
        "uid": "a-dashboard",
    }


def a_panel(expr: str = 'up{job="node"}', /, **changes: object) -> Node:
    """A valid time series panel with the given changes."""
    source: Node = {"type": "prometheus", "uid": "${datasource}"}
    made: Node = {
        "datasource": source,
        "description": "Healthy: 1.",
        "fieldConfig": {"defaults": {"unit": "none"}, "overrides": []},
        "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
        "id": 1,
        "interval": "30s",
        "options": {},
        "pluginVersion": "12.4.0",
        "targets": [{"datasource": dict(source), "expr": expr, "interval": "30s", "range": True, "refId": "A"}],
        "title": "A panel",
        "type": "timeseries",
    }
    return {key: value for key, value in {**made, **changes}.items() if value is not None}


def found(check: Callable[[str, Node], Iterator[Finding]], dashboard: Node) -> list[tuple[str, str]]:
    """(location, message) of each finding of a check."""
    return [(finding.where, finding.message) for finding in check("board.json", dashboard)]
