"""Selectors get only as strict as it takes to tell services apart, and never select a container of another."""

from __future__ import annotations

import pytest
from support import docker_box as box
from support.docker_box import Record

from boxwatch.discovery import discover, docker, write
from boxwatch.discovery.draft import Draft
from boxwatch.discovery.model import Container, Host, Labels
from boxwatch.topology.load import parse


def _services(*containers: Record) -> dict[str, Draft]:
    found = discover.discover([docker.read(box.joined([list(containers), box.info()]), "box.json")])
    parse(write.text(found), "topology.yaml")
    return {draft.name: draft for draft in found.services}


def _keys(draft: Draft) -> list[dict[str, str]]:
    return [keys for _, keys in draft.selectors]


def _place(**keys: str) -> dict[str, str]:
    return {**keys, "project": "shop", "environment": "production"}


def test_a_family_whose_pattern_would_match_another_service_is_listed() -> None:
    """web-7 has another limit, so it is no replica, and web-[0-9]+ would match it."""
    found = _services(box.application("web-1"), box.application("web-2"), box.application("web-7", limit=2**30))

    assert _keys(found["web"]) == [_place(resource="web-1|web-2")]
    assert _keys(found["web-7"]) == [_place(resource="web-7")]


@pytest.mark.parametrize(
    "label",
    [
        {"coolify.resourceName": "a;b"},
        {"coolify.projectName": "x" * 600},
        {"coolify.environmentName": " lead"},
        {"com.docker.compose.service": "a;b"},
    ],
    ids=str,
)
def test_a_label_that_no_selector_can_hold_is_replaced_by_the_name(label: dict[str, str]) -> None:
    """By its stable part, where it has one."""
    container = box.compose_application("shop", "app")
    container["Config"]["Labels"] |= label
    (draft,) = (draft for draft in _services(container).values() if draft.containers)

    assert _keys(draft) == [{"name": f"app-{box.uuid('shopshopproduction')}-[0-9T]+"}]


def test_special_characters_are_taken_literally() -> None:
    """A dot matches nothing but a dot."""
    found = _services(box.container("tools.v2", "app"))

    assert _keys(found["tools-v2"]) == [{"name": r"tools\.v2"}]


def test_names_too_long_for_one_pattern_are_several_selectors() -> None:
    """A pattern has at most 500 characters."""
    labels = {"com.docker.compose.project": "p", "com.docker.compose.service": "app"}
    names = [f"{letter * 200}-x" for letter in "abc"]
    found = _services(*(box.container(name, "app", labels) for name in names))

    assert _keys(found["app"]) == [{"name": f"{names[0]}|{names[1]}"}, {"name": names[2]}]


def test_the_planned_stack_gives_way_to_services_that_run() -> None:
    """A Grafana of a one-click stack is selected by the same compose service."""
    stack = [box.stack("boards", name, f"{name}/{name}") for name in ("grafana", "renderer")]
    found = _services(*stack)

    assert _keys(found["boards"])[0] == _place(resource="boards", compose_service="grafana")
    assert _keys(found["monitoring"])[1] == {"resource": "monitoring", "compose_service": "grafana"}


def test_the_planned_stack_gives_way_to_a_stack_of_its_own_name() -> None:
    """Whose parts are its own."""
    stack = [box.stack("monitoring", name, f"{name}:1") for name in ("grafana", "renderer")]
    found = _services(*stack, box.container("grafana", "adminer"))

    assert _keys(found["monitoring"])[0] == _place(resource="monitoring", compose_service="grafana")
    assert _keys(found["monitoring-2"])[1] == {"name": "monitoring-2-grafana"}


def test_names_that_change_are_the_last_resort_and_a_comment_says_so() -> None:
    """Two applications with the same labels, whose containers have a common prefix and no uuid (Coolify 4.4)."""
    containers = []
    for number, identity in enumerate(("a" * 24, "b" * 24)):
        one = box.application("web", identity=identity)
        one["Name"] = f"/site-20261120T09000{number}"
        one["Config"]["Labels"]["com.docker.compose.service"] = f"site-20261120T09000{number}"
        containers.append(one)
    drafts = [draft for draft in _services(*containers).values() if draft.containers]

    assert [_keys(draft) for draft in drafts] == [
        [{"name": "site-20261120T090000"}],
        [{"name": "site-20261120T090001"}],
    ]
    assert all("its name changes with each deployment" in draft.notes[-1] for draft in drafts)


def test_a_container_that_matches_another_service_takes_that_one_further() -> None:
    """A one-off container has the compose service of the planned stack, and a name of its own."""
    labels = {
        "com.docker.compose.project": "tools",
        "com.docker.compose.service": "grafana",
        "com.docker.compose.oneoff": "True",
    }
    found = _services(box.container("tools-grafana-run-1f", "app", labels))

    assert _keys(found["tools-grafana-run-1f"]) == [{"name": "tools-grafana-run-1f"}]
    assert _keys(found["monitoring"])[1] == {"resource": "monitoring", "compose_service": "grafana"}


def test_replicas_of_two_environments_are_no_family() -> None:
    """Containers of one uuid with other labels, as after a rename: the names tell them apart."""
    labels = Labels(resource="web", project="shop", environment="production", type="database", compose_project="a" * 24)
    host = Host(containers=(Container(name="one", labels=labels), Container(name="two", labels=labels)))
    (draft,) = (draft for draft in discover.discover([host]).services if draft.containers)

    assert (draft.replicas, _keys(draft)) == (2, [_place(resource="web")])


def test_two_services_without_a_host_name_of_their_own_are_not_scraped() -> None:
    """On another server than Prometheus', every exporter of a kind has the same target."""
    hosts = [
        Host(name="one", containers=(Container(name="app"),)),
        Host(name="two", address="10.0.0.2", containers=tuple(Container(name=n, image="redis") for n in ("a", "b"))),
    ]
    found = discover.discover(hosts)
    parse(write.text(found), "topology.yaml")

    assert {draft.name: draft.metrics for draft in found.services if draft.kind == "redis"} == {"a": "", "b": "none"}


def test_a_container_whose_name_is_no_host_name_is_not_scraped() -> None:
    """Docker allows a dash at the end."""
    found = _services(box.container("rabbit-", "rabbitmq:4"))

    assert found["rabbit"].metrics == "none"
