"""Deployments of every size, and without each system: nothing is found in what is made for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support import rotation, topologies

from boxwatch.assemble import assemble
from boxwatch.checks import catalogue
from boxwatch.topology.model import Server, Topology

# Coolify and the monitoring run once, whatever the number of servers.
_ONCE = frozenset({"coolify", "monitoring"})


def _without() -> Iterator[tuple[str, Topology]]:
    whole = topologies.complete()
    for kind in sorted({service.kind for service in whole.services}):
        left = tuple(service for service in whole.services if service.kind != kind)
        yield f"without {kind}", whole.model_copy(update={"services": left})
    web = tuple(service for service in whole.services if service.kind == "web")
    yield "nothing but web", whole.model_copy(update={"services": web})


def _servers(number: int) -> tuple[Server, ...]:
    first = topologies.complete().servers[0]
    more = ({"name": f"s{n}", "address": f"10.0.0.{n}", "exporters": None} for n in range(2, number + 1))
    return (first, *(first.model_copy(update=changes) for changes in more))


def _of(number: int) -> Iterator[tuple[str, Topology]]:
    whole, servers = topologies.complete(), _servers(number)
    everywhere = tuple(
        service.model_copy(update={"server": tuple(server.name for server in servers), "metrics": None})
        for service in whole.services
    )
    yield f"{number} servers with all of it", whole.model_copy(update={"servers": servers, "services": everywhere})
    apart = tuple(
        service.model_copy(update={"server": (server.name,), "name": f"{service.name}-{server.name}", "metrics": None})
        for server in servers
        for service in whole.services
        if server is servers[0] or service.kind not in _ONCE
    )
    yield (
        f"{number} servers with services of their own",
        whole.model_copy(update={"servers": servers, "services": apart}),
    )


_DEPLOYMENTS = dict([("all of it", topologies.complete()), *_without(), *_of(3), *_of(20)])


@pytest.mark.repeats
@pytest.mark.parametrize("topology", rotation.sampled(_DEPLOYMENTS, 6, "deployments"))
def test_nothing_is_found_in_any_deployment(topology: Topology, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules, dashboards and configuration; promtool has tests of its own."""
    monkeypatch.setenv("PATH", "")

    found = catalogue.run(assemble(topology), topology.scrape_interval)

    assert [str(finding) for finding in found.findings] == []
