"""The topology models."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from support.topologies import a_selector, a_server, a_service, a_topology, complete

from boxwatch.topology import fields


def test_nothing_changes_after_loading() -> None:
    """Models are frozen at every level."""
    topology = complete()
    with pytest.raises(ValidationError, match="frozen"):
        topology.name = "other"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        topology.services[0].thresholds.restarts = 1  # type: ignore[misc]


def test_topologies_are_equal_and_hashed_by_what_they_say() -> None:
    """Topologies compare and hash by content, so that they can be keys."""
    assert complete() == complete()
    assert hash(complete()) == hash(complete())
    assert len({a_service(), a_service(), a_service("api")}) == 2


def test_programs_build_a_topology_from_models() -> None:
    """Mappings in the file are sequences in the models."""
    topology = a_topology(services=[a_service(), a_service("api", containers=[a_selector(name="api")])])
    assert [service.name for service in topology.services] == ["web", "api"]


def test_the_key_is_the_name_whatever_the_body_says() -> None:
    """The key takes precedence over a name in the body, which the loader reports."""
    assert fields.named({"web": {"name": "other", "kind": "web"}}) == ({"name": "web", "kind": "web"},)


def test_an_unknown_key_is_refused() -> None:
    """Typing errors in programs are caught too."""
    with pytest.raises(ValidationError, match="Extra inputs"):
        a_service(replcas=2)


def test_a_plain_service_is_recognised_by_its_name_in_coolify() -> None:
    """The default selector matches the resources NAME, NAME-1, NAME-2, …."""
    (selector,) = a_service("shop").selectors
    assert selector.resource == "shop(-[0-9]+)?"
    assert (selector.name, selector.compose_service, selector.component, selector.optional) == (None, None, None, False)


def test_each_component_is_listed_once_in_order() -> None:
    """The first selector of a component represents it."""
    service = a_service(
        containers=[
            {"resource": "a", "component": "app"},
            {"resource": "d", "component": "db"},
            {"resource": "b", "component": "app"},
        ]
    )
    assert [part.component for part in service.components] == ["app", "db"]
    assert [part.component for part in a_service().components] == [None]


@pytest.mark.parametrize(
    ("kind", "stated", "reclaimable"),
    [("postgres", None, True), ("redis", None, False), ("postgres", "counted", False), ("web", "reclaimable", True)],
)
def test_page_cache_counts_by_kind_unless_stated(kind: str, stated: str | None, *, reclaimable: bool) -> None:
    """Page cache does not count for kinds that map files."""
    assert a_service(kind=kind, page_cache=stated).page_cache_reclaimable is reclaimable


def test_a_server_is_scraped_where_it_says() -> None:
    """Targets are as stated, by address, or in the stack next to Prometheus."""
    stated = {"node": "a:1", "cadvisor": "b:2"}
    assert a_server(exporters=stated).targets.model_dump(exclude_none=True) == stated
    assert a_server(address="10.0.0.2").targets.node == "10.0.0.2:9100"
    assert a_server(address="fd00::2").targets.cadvisor == "[fd00::2]:8080"
    assert a_server().targets.model_dump(exclude_none=True) == {
        "node": "node-exporter:9100",
        "cadvisor": "cadvisor:8080",
    }


def test_services_of_a_server_come_in_the_order_of_the_file() -> None:
    """A service on several servers is listed on each."""
    servers = [a_server(), a_server("second", address="10.0.0.2")]
    services = [a_service(server=["main", "second"]), a_service("api", server="second")]
    topology = a_topology(servers=servers, services=services)
    assert [service.name for service in topology.services_on("second")] == ["web", "api"]
    assert [service.name for service in topology.services_on("main")] == ["web"]


def test_a_service_overrides_only_the_thresholds_that_it_states() -> None:
    """Other thresholds stay those of the topology."""
    service = a_service(thresholds={"restarts": 9})
    topology = a_topology(services=[service], thresholds={"replacements": 7})
    thresholds = topology.thresholds_of(service)
    assert (thresholds.restarts, thresholds.replacements, thresholds.memory_near_budget) == (9, 7, 0.9)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.com/", "https://example.com"),
        ("https://example.com/a/", "https://example.com/a/"),
        ("http://10.0.0.1:3000", "http://10.0.0.1:3000"),
        ("https://example.com/?q=1", "https://example.com/?q=1"),
    ],
)
def test_a_root_url_loses_its_slash(url: str, kept: str) -> None:
    """The trailing slash is removed, because links append a path."""
    assert fields.http_url(url) == kept


@pytest.mark.parametrize("value", [0, "0"])
def test_nothing_may_be_reserved(value: object) -> None:
    """A reserve of 0 is allowed, explicit or by default."""
    assert a_server(reserved=value).reserved == 0
