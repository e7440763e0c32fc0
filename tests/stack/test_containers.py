"""Relabelling turns containers into replicas of services."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from support.relabelled import relabelled
from support.topologies import a_server, a_service, a_topology, complete

from boxwatch.topology.model import Topology


def _container(name: str, **labels: str) -> dict[str, str]:
    keys = {
        "resource": "container_label_coolify_resourceName",
        "compose": "container_label_com_docker_compose_service",
        "project": "container_label_coolify_projectName",
        "environment": "container_label_coolify_environmentName",
        "pull_request": "container_label_coolify_pullRequestId",
        "image": "image",
    }
    return {
        "__name__": "container_start_time_seconds",
        "id": f"/docker/{name}",
        "name": name,
        "server": "main",
        **{keys[key]: value for key, value in labels.items()},
    }


def _is(labels: Mapping[str, str] | None) -> tuple[str | None, str | None, str | None]:
    assert labels is not None
    return labels.get("service"), labels.get("component"), labels.get("resource")


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        (_container("x7k-101530", resource="web-1", pull_request="0"), ("web", None, "web-1")),
        (_container("x7k-101531", resource="web", pull_request="0"), ("web", None, "web")),
        (_container("abc", resource="postgresql"), ("postgres", None, "postgresql")),
        (_container("coolify-proxy"), ("traefik", None, None)),
        (_container("coolify-db", compose="postgres"), ("coolify", "database", "postgres")),
        (_container("coolify"), ("coolify", "app", None)),
        (_container("p-1", resource="stack", compose="prometheus"), ("monitoring", "prometheus", "stack")),
        (_container("shop-1", resource="shop"), (None, None, "shop")),
        (_container("website", resource="website"), (None, None, "website")),
        (_container("stray"), (None, None, None)),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_containers_of_the_default_deployment(container: dict[str, str], expected: tuple[str | None, ...]) -> None:
    """Coolify's containers get their service, component and resource."""
    assert _is(relabelled(complete(), "main", container)) == expected


@pytest.mark.parametrize("key", ["project", "environment"])
@pytest.mark.parametrize("places", [("one", "two"), ("one|three", "two|four")])
def test_the_same_resource_in_another_project_or_environment_is_another_service(
    key: str, places: tuple[str, str]
) -> None:
    """Production and staging use the same names, and each counts separately, or not at all."""
    chosen = a_topology(services=(a_service("api", containers=({"resource": "api", key: places[0]},)),))
    both = a_topology(
        services=tuple(a_service(f"api-{place[:3]}", containers=({"resource": "api", key: place},)) for place in places)
    )

    def service(topology: Topology, place: str) -> str | None:
        return _is(relabelled(topology, "main", _container("u1-1", resource="api", **{key: place})))[0]

    assert [service(chosen, place) for place in ("one", "two", "")] == ["api", None, None]
    assert [service(both, place) for place in ("one", "two", "none")] == ["api-one", "api-two", None]


def test_a_preview_of_a_pull_request_is_no_replica() -> None:
    """It carries its application's resource name, but has its own memory."""
    preview = _container("x7k-pr-12", resource="web", pull_request="12")

    assert _is(relabelled(complete(), "main", preview)) == (None, None, "x7k-pr-12")


@pytest.mark.parametrize(
    "image", ["coolify-helper", "ghcr.io/coollabsio/coolify-helper:1.0.15", "coolify-helper@sha256:0"]
)
def test_a_build_container_is_known_by_its_image(image: str) -> None:
    """Its name is random and it has no labels."""
    assert _is(relabelled(complete(), "main", _container("dk2", image=image))) == (
        None,
        None,
        "coolify-helper",
    )


def test_raw_cgroups_are_dropped_and_series_without_a_container_stay() -> None:
    """A slice would count its containers' memory twice; the server's size belongs to no container."""
    topology = complete()

    assert relabelled(topology, "main", {**_container(""), "name": ""}) is None
    assert relabelled(topology, "main", {"__name__": "machine_memory_bytes", "server": "main"}) is not None


def test_labels_that_change_with_deploys_are_dropped() -> None:
    """A container is identified by service, component, resource and name."""
    found = relabelled(complete(), "main", _container("x", resource="web-1", image="app:3f2"))

    assert found is not None
    assert set(found) == {"__name__", "name", "server", "service", "resource", "image"}


def test_all_keys_of_a_selector_must_match() -> None:
    """A compose application has one resource name for all its services, so the name alone is not enough."""
    selector = {"resource": "shop|store", "compose_service": "web"}
    topology = a_topology(services=(a_service(containers=[selector]),))

    assert _is(relabelled(topology, "main", _container("a", resource="store", compose="web")))[0] == "web"
    assert _is(relabelled(topology, "main", _container("b", resource="store", compose="worker")))[0] is None
    assert _is(relabelled(topology, "main", _container("c", resource="x", compose="web")))[0] is None


def test_the_first_selector_that_matches_wins() -> None:
    """So a narrow selector can precede a broad one."""
    selectors = [{"name": "app-db", "component": "database"}, {"name": "app-.*", "component": "other"}]
    topology = a_topology(services=(a_service("app", kind="other", containers=selectors),))

    assert _is(relabelled(topology, "main", _container("app-db"))) == ("app", "database", None)
    assert _is(relabelled(topology, "main", _container("app-web"))) == ("app", "other", None)


def test_a_server_knows_only_its_own_services() -> None:
    """The same name on another server belongs to another plan."""
    topology = a_topology(
        servers=(a_server(), a_server("second")), services=(a_service(), a_service("api", server="second"))
    )

    assert _is(relabelled(topology, "main", _container("a", resource="api")))[0] is None
    assert _is(relabelled(topology, "second", _container("a", resource="api")))[0] == "api"
