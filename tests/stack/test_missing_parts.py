"""Parts that do not exist are neither configured nor started; parts of others are scraped and not started."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from support.topologies import a_server, a_service, a_topology

from boxwatch.assemble import assemble
from boxwatch.topology.model import Topology

_EXPORTERS = {"node": "node-exporter:9100", "cadvisor": "cadvisor:8080"}
# Part → its container.
_CONTAINERS = {
    "prometheus": "prometheus", "alertmanager": "alertmanager", "grafana": "grafana", "blackbox": "blackbox-exporter",
    "node": "node-exporter", "cadvisor": "cadvisor",
}  # fmt: skip


def _topology(part: str, place: str) -> Topology:
    exporters = {**_EXPORTERS, **({part: place} if part in _EXPORTERS else {})}
    stack = {} if part in _EXPORTERS else {part: place}
    services = (a_service(url="https://example.com"), a_service("monitoring", kind="monitoring", memory="2g"))
    return a_topology(servers=(a_server(exporters=exporters),), services=services, stack=stack)


def _made(topology: Topology) -> tuple[dict[str, bytes], dict[str, Any], dict[str, Any]]:
    made = assemble(topology)
    return made, yaml.safe_load(made["compose.yaml"]), yaml.safe_load(made["prometheus/prometheus.yml"])


def _scraped(config: dict[str, Any]) -> dict[str, list[str]]:
    return {
        job["job_name"]: [place for one in job["static_configs"] for place in one["targets"]]
        for job in config["scrape_configs"]
    }


@pytest.mark.parametrize("part", _CONTAINERS)
def test_what_does_not_exist_is_neither_scraped_nor_started(part: str) -> None:
    """And everything else is."""
    made, composed, config = _made(_topology(part, "none"))

    assert set(composed["services"]) == set(_CONTAINERS.values()) - {_CONTAINERS[part]}
    assert part not in _scraped(config)
    assert ("alerting" in config) is (part != "alertmanager")
    assert any(path.startswith("alertmanager/") for path in made) is (part != "alertmanager")
    assert any(path.startswith("blackbox/") for path in made) is (part != "blackbox")
    assert any(path.startswith("grafana/") for path in made) is (part != "grafana")
    assert ("probe" in _scraped(config)) is (part != "blackbox")


@pytest.mark.parametrize("part", _CONTAINERS)
def test_what_is_somebody_elses_is_scraped_and_not_started(part: str) -> None:
    """At its own address."""
    _, composed, config = _made(_topology(part, "theirs.example.com:1234"))

    assert set(composed["services"]) == set(_CONTAINERS.values()) - {_CONTAINERS[part]}
    assert _scraped(config)[part] == ["theirs.example.com:1234"]


def test_dashboards_go_to_a_grafana_that_cannot_be_scraped() -> None:
    """Which the topology knows by its URL."""
    topology = _topology("grafana", "none").model_copy(
        update={"urls": a_topology(urls={"grafana": "https://grafana.example.com"}).urls}
    )

    assert "grafana/dashboards/overview.json" in assemble(topology)


def test_no_stack_is_started_on_a_server_without_containers() -> None:
    """Though a service plans its memory."""
    services = (a_service("monitoring", kind="monitoring", memory="2g"),)

    assert "compose.yaml" not in assemble(a_topology(servers=(a_server(containers="none"),), services=services))
