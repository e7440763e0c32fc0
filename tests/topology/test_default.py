"""The bundled topology is the documented deployment."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from boxwatch.assemble import assemble
from boxwatch.checks import catalogue
from boxwatch.topology import default, table
from boxwatch.topology.load import parse
from boxwatch.topology.plan import plan
from boxwatch.topology.units import GIB


def test_it_loads_without_a_warning() -> None:
    """A new user's first build starts without a warning."""
    loaded = default.load()
    assert loaded.warnings == ()
    assert loaded.source == "the bundled default topology"


def test_its_numbers_are_those_of_the_deployment() -> None:
    """24 GB stated plus 2 assumed are the stated 26 of 32, which leaves 6."""
    (server,) = plan(default.load().topology).servers
    assert [size / GIB for size in (server.stated, server.services_assumed, server.planned)] == [24, 2, 26]
    assert [size / GIB for size in (server.memory, server.headroom, server.reserved)] == [32, 6, 4]
    assert server.stated_total == server.planned


def test_its_services_are_those_of_the_deployment() -> None:
    """Name: replicas, GB per replica, ports."""
    services = {
        service.name: (service.replicas, service.memory / GIB, service.ports)
        for service in default.load().topology.services
    }
    assert services == {
        "coolify": (1, 1.5, (8000,)),
        "traefik": (1, 0.5, (80, 443)),
        "web": (2, 1, (3000,)),
        "admin": (1, 1, (3002,)),
        "api": (2, 2, (3001,)),
        "worker": (2, 1, ()),
        "postgres": (1, 4, (5432,)),
        "redis": (1, 2, (6379,)),
        "elasticsearch": (1, 2, (9200,)),
        "minio": (1, 1, (9000,)),
        "monitoring": (1, 2, ()),
    }


def test_only_the_proxy_is_exposed() -> None:
    """Traefik is the only entry point."""
    assert [service.name for service in default.load().topology.services if service.exposed] == ["traefik"]


def test_the_components_of_the_monitoring_stack_use_up_its_memory() -> None:
    """Each component has its own memory, so that each container can have its own limit."""
    monitoring = next(service for service in default.load().topology.services if service.name == "monitoring")
    assert sum(part.memory or 0 for part in monitoring.components) == monitoring.memory


def test_its_text_explains_every_number_and_points_to_the_schema() -> None:
    """`boxwatch init` writes this text, so every number has a comment."""
    text = default.text()
    assert text.startswith("# yaml-language-server: $schema=")
    assert text.count("#") > 40


def test_its_sum_reads_as_in_the_documents() -> None:
    """The sum has the wording of the deployment's documents."""
    console = Console(width=80, record=True, file=io.StringIO())
    table.show(plan(default.load().topology), console)
    assert "26 of 32 GB, 24 stated and 2 assumed, 6 GB headroom" in console.export_text()


def test_the_example_of_notifications_works_when_it_is_uncommented() -> None:
    """The commented example loads, so that nobody ends up without notifications."""
    start = default.text().index("# notifications:")
    example = default.text()[start:].partition("\n\n")[0]
    uncommented = "\n".join(line.removeprefix("# ") for line in example.splitlines())
    loaded = parse(default.text().replace(example, uncommented), "default.yaml")

    assert loaded.warnings == ()
    assert loaded.topology.notifications is not None
    assert loaded.topology.notifications.critical == ("night",)


def test_the_least_that_one_can_begin_with_loads_and_is_small() -> None:
    """One server and what every Coolify server runs, without a warning."""
    loaded = parse(default.text(minimal=True), "topology.yaml")

    assert loaded.warnings == ()
    assert {service.kind for service in loaded.topology.services} == {"coolify", "traefik", "web", "monitoring"}
    assert len(default.text(minimal=True).splitlines()) < len(default.text().splitlines()) / 3


def test_nothing_is_found_in_what_is_made_of_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """By our own checks."""
    monkeypatch.setenv("PATH", "")
    topology = parse(default.text(minimal=True), "topology.yaml").topology

    assert catalogue.run(assemble(topology), topology.scrape_interval).findings == ()
