"""The plan as a terminal table."""

from __future__ import annotations

import io
from typing import Literal

import pytest
from conftest import Golden
from rich.console import Console
from support.topologies import a_server, a_service, a_topology

from boxwatch.topology import default, table
from boxwatch.topology.model import Topology
from boxwatch.topology.plan import plan


def shown(topology: Topology, *, colours: bool = False, width: int = 80) -> str:
    """The output on a terminal or in a file."""
    stream = io.StringIO()
    system: Literal["standard"] | None = "standard" if colours else None
    table.show(plan(topology), Console(file=stream, width=width, force_terminal=colours, color_system=system))
    return stream.getvalue()


def test_the_default_deployment_is_shown_as_stored(golden: Golden) -> None:
    """The default table, the first output of `make run`, matches the stored one."""
    text = "".join(f"{line.rstrip()}\n" for line in shown(default.load().topology).splitlines())
    golden("topology/plan.txt", text)


def test_nothing_is_wider_than_80_columns() -> None:
    """The table fits 80 columns even with the longest names and sizes."""
    name = "a-name-of-forty-characters-which-is-most"
    service = a_service(name, kind="elasticsearch", memory="1023.98m", assumed=True, server=name, replicas=1000)
    topology = a_topology(servers=[a_server(name, memory="63.99t", cpus=4096)], services=[service])
    assert max(len(line) for line in shown(topology).splitlines()) <= 80
    assert name in "".join(shown(topology).split())


@pytest.mark.parametrize("width", [80, 70, 60, 50, 40, 30, 20, 10])
def test_no_terminal_is_so_narrow_that_a_word_is_broken(width: int) -> None:
    """Fewer columns, and never a part of a name, a kind or a heading."""
    topology = default.load().topology
    whole = set(shown(topology).split())

    assert set(shown(topology, width=width).replace("─", "").split()) <= whole
    assert {service.name for service in topology.services} <= set(shown(topology, width=width).split())


def test_a_long_name_is_broken_at_its_dashes() -> None:
    """In a column that has to end somewhere."""
    text = shown(a_topology(services=[a_service("a-name-of-forty-characters-which-is-most")]))

    assert "a-name-of-forty-characters- " in text
    assert "\n which-is-most " in text


def test_each_server_has_a_block() -> None:
    """Each server has its own block and sum."""
    topology = a_topology(
        servers=[a_server(), a_server("second", memory="16g", disk="2TB", cpus=1, address="10.0.0.2")],
        services=[a_service(), a_service("api", server="second", memory="512m")],
    )
    text = shown(topology)
    assert "main  8 vCPUs, 32 GB RAM, 500 GB disk" in text
    assert "second  1 vCPU, 16 GB RAM, 2 TB disk" in text
    assert "Planned: 5 of 32 GB, 27 GB headroom" in text
    assert "Planned: 4.5 of 16 GB, 11.5 GB headroom" in text


def test_a_parked_service_is_called_parked() -> None:
    """A parked service has no total."""
    row = next(line for line in shown(a_topology(services=[a_service(replicas=0)])).splitlines() if " parked " in line)
    assert row.split() == ["web", "web", "parked", "1", "GB", "-", "stated"]


def test_a_plan_that_is_too_large_says_by_how_much() -> None:
    """The sum states the excess."""
    assert "44 of 32 GB, 12 GB too much" in shown(a_topology(services=[a_service(memory="40g")]))


def test_a_stated_total_that_differs_is_mentioned() -> None:
    """The table points out a stated total that differs from the sum."""
    text = shown(a_topology(servers=[a_server(stated_total="7g", disk="750MB")]))
    assert "The stated total is 7 GB, but the lines add up to 5 GB." in text
    assert "750 MB disk" in text


def test_a_server_without_reserve_has_no_line_for_it() -> None:
    """A reserve of 0 is not displayed."""
    assert "reserved" not in shown(a_topology(servers=[a_server(reserved=0)]))


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR and files get plain text with the same words."""
    topology = a_topology()
    assert "\x1b[32m" in shown(topology, colours=True)
    assert "\x1b" not in shown(topology)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in shown(topology, colours=True)
