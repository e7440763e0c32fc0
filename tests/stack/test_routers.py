"""Relabelling assigns Traefik's routers to planned services."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from support.topologies import a_selector, a_service, a_topology

from boxwatch.stack import prometheus
from boxwatch.topology.model import Service, Topology

_UUID = "a1b2c3d4e5f6g7h8i9j0k1l2"


def _stored(topology: Topology, router: str) -> dict[str, str]:
    """The labels that scraping adds to a series of a router."""
    (content,) = prometheus.files(topology).values()
    rules: list[dict[str, Any]] = next(
        job for job in yaml.safe_load(content)["scrape_configs"] if job["job_name"] == "traefik"
    )["metric_relabel_configs"]
    labels = {"service": router}
    for rule in rules:
        match = re.fullmatch(rule["regex"], ";".join(labels.get(label, "") for label in rule["source_labels"]))
        if match:
            labels[rule["target_label"]] = match.expand(rule["replacement"].replace("$1", r"\1"))
    return {key: value for key, value in labels.items() if value and key != "service"}


def _topology(*services: Service) -> Topology:
    return a_topology(services=(a_service("traefik", kind="traefik"), *services))


@pytest.mark.parametrize(
    "router",
    [
        f"https-0-{_UUID}@docker",
        f"http-0-{_UUID}@docker",
        f"https-12-{_UUID}@docker",
        f"https-0-{_UUID}-web@docker",
        f"https-0-{_UUID}-my-web-1a2b@docker",
        f"my-web-{_UUID}@docker",
    ],
)
def test_a_router_named_by_coolify_carries_the_resource(router: str) -> None:
    """Holds for applications, further domains, and parts of compose resources with and without a port."""
    assert _stored(_topology(), router) == {"uuid": _UUID}


@pytest.mark.parametrize(
    "router",
    [
        f"https-0-{_UUID}-pr-7@docker",
        f"https-0-{_UUID}-7-web-1a2b@docker",
        f"https-0-{_UUID}-pr-7-web@docker",
        "coolify@file",
        "dashboard@internal",
        f"https-0-{_UUID}@file",
    ],
)
def test_previews_and_routers_not_made_by_coolify_carry_no_resource(router: str) -> None:
    """Requests to a pull request's preview are not its service's traffic."""
    assert _stored(_topology(), router) == {}


def test_routers_that_the_topology_names_belong_to_their_service() -> None:
    """The provider's suffix is optional, and the rest of the name does not matter."""
    topology = _topology(a_service("shop", routers=["shop-.*", f"https-0-{_UUID}"]), a_service("api"))

    assert _stored(topology, "shop-live@file") == {"planned_service": "shop"}
    assert _stored(topology, f"https-0-{_UUID}@docker") == {"planned_service": "shop", "uuid": _UUID}
    assert _stored(topology, "my-shop-live@file") == {}


@pytest.mark.parametrize(
    "router", [f"https-0-{_UUID}-{{}}-1a2b@docker", f"https-1-{_UUID}-{{}}@docker", f"{{}}-{_UUID}@docker"]
)
def test_parts_of_one_compose_resource_belong_to_their_own_services(router: str) -> None:
    """They share a uuid, so the part's name decides."""
    topology = _topology(
        a_service("shop", containers=(a_selector(compose_service="web|front"),)),
        a_service("stats", containers=(a_selector(resource="stack", compose_service="grafana"),)),
    )

    for part, service in (("web", "shop"), ("front", "shop"), ("grafana", "stats")):
        assert _stored(topology, router.format(part)) == {"planned_service": service, "uuid": _UUID}
    assert _stored(topology, router.format("database")) == {"uuid": _UUID}


def test_a_part_that_two_services_are_recognised_by_is_left_to_the_uuid() -> None:
    """Two resources have a part of the same name; `routers` in the topology take precedence."""
    topology = _topology(
        a_service("red", containers=(a_selector(resource="red", compose_service="web"),)),
        a_service("blue", containers=(a_selector(resource="blue", compose_service="web"),)),
        a_service("named", routers=["x"], containers=(a_selector(compose_service="stats"),)),
    )

    assert _stored(topology, f"https-0-{_UUID}-web@docker") == {"uuid": _UUID}
    assert _stored(topology, f"https-0-{_UUID}-stats@docker") == {"uuid": _UUID}
