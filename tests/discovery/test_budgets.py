"""Budgets come from limits, from use, or from an estimate, and always fit the server."""

from __future__ import annotations

import pytest
from support import docker_box as box
from support.docker_box import Record

from boxwatch.discovery import discover, docker, servers
from boxwatch.discovery.budgets import rounded
from boxwatch.discovery.draft import Draft, DraftTopology
from boxwatch.discovery.model import Container, Host
from boxwatch.errors import BoxwatchError
from boxwatch.topology import kinds
from boxwatch.topology.kinds import KINDS
from boxwatch.topology.units import GIB, MIB

PROMETHEUS = Container(name="prometheus", image="prom/prometheus:v3", limit=GIB)


def _host(*containers: Record, used: dict[str, str] | None = None, memory: int = 32 * GIB) -> Host:
    measured = [{"Name": name, "MemUsage": f"{size} / 31GiB"} for name, size in (used or {}).items()]
    return docker.read(box.joined([list(containers), box.info(MemTotal=memory), *measured]), "box.json")


def _discovered(host: Host) -> DraftTopology:
    return discover.discover([host])


def _service(name: str, host: Host) -> Draft:
    return next(draft for draft in _discovered(host).services if draft.name == name)


def _remark(draft: Draft) -> str:
    return " ".join(text for key, text in draft.remarks if key == "memory")


def test_a_limit_is_the_budget() -> None:
    """It is stated, and needs no `limit` of its own."""
    draft = _service("db", _host(box.database("db", "redis", "redis:7", limit=2 * GIB)))

    assert (draft.memory, draft.assumed, draft.limit) == (2 * GIB, False, None)


def test_without_a_limit_the_budget_is_what_is_used_and_a_margin() -> None:
    """Half as much again, in round numbers; the plan says assumed. What is small may double without an alert."""
    draft = _service("web", _host(box.container("web", "app"), used={"web": "410MiB"}))

    assert (draft.memory, draft.assumed, draft.limit) == (640 * MIB, True, "none")
    assert _remark(draft) == "It uses 410 MB; the budget adds a margin."


def test_without_limit_and_measurement_the_budget_is_an_estimate_for_the_kind() -> None:
    """From its record."""
    draft = _service("search", _host(box.container("search", "elasticsearch:8")))

    assert (draft.memory, draft.assumed) == (kinds.of("elasticsearch").usual_memory, True)
    assert _remark(draft) == "Estimate: its usage is unknown."


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_has_an_estimate(kind: kinds.Kind) -> None:
    """Which a topology accepts."""
    assert 32 * MIB <= kind.usual_memory <= 4 * GIB


def test_replicas_have_the_budget_of_the_largest() -> None:
    """Each may become as large."""
    containers = [box.application(f"web-{number}") for number in (1, 2)]
    names = [str(one["Name"])[1:] for one in containers]
    draft = _service("web", _host(*containers, used={names[0]: "100MiB", names[1]: "200MiB"}))

    assert (draft.memory, draft.replicas) == (352 * MIB, 2)
    assert _remark(draft) == "Each uses up to 200 MB; the budget adds a margin."


def test_different_limits_of_one_service_are_told() -> None:
    """A topology has one limit for all replicas."""
    labels = {"com.docker.compose.project": "p", "com.docker.compose.service": "app"}
    containers = [box.container(f"p-app-{size}", "app", labels, limit=size * GIB) for size in (1, 2)]
    draft = _service("app", _host(*containers))

    assert draft.limit == "none"
    assert _remark(draft).startswith("Its containers have different limits: 1 GB, 2 GB.")


def test_a_limit_below_dockers_minimum_is_told() -> None:
    """Docker before 20.10 allowed 4 MB."""
    draft = _service("job", _host(box.container("job", "app", limit=4 * MIB)))

    assert draft.limit == "none"
    assert _remark(draft).startswith("Its limit of 4 MB is less than Docker's minimum.")


def test_components_have_their_limits_as_budgets() -> None:
    """If all have one."""
    containers = [box.stack("shop", name, f"{name}:1", limit=size * GIB) for name, size in (("one", 1), ("two", 2))]
    draft = _service("shop", _host(*containers))

    assert (draft.memory, draft.limit, draft.assumed) == (3 * GIB, None, False)
    assert {part.name: part.memory for part in draft.parts} == {"one": GIB, "two": 2 * GIB}


def test_limits_of_some_components_are_told() -> None:
    """A topology states limits for all components or for none."""
    draft = _service("shop", _host(box.stack("shop", "one", "one:1", limit=GIB), box.stack("shop", "two", "two:1")))

    assert draft.limit == "none"
    assert _remark(draft) == "Limits that the plan cannot state for single components: one 1 GB."


def test_limits_that_promise_too_much_stay_and_budgets_come_down() -> None:
    """Towards what is used; the limits are still those in force."""
    containers = [box.container(f"app{letter}", "app", limit=4 * GIB) for letter in "abc"]
    found = _discovered(_host(*containers, used={f"app{letter}": "512MiB" for letter in "abc"}, memory=8 * GIB))
    drafts = [draft for draft in found.services if draft.containers]

    assert {draft.limit for draft in drafts} == {4 * GIB}
    assert all(768 * MIB <= draft.memory < 4 * GIB and draft.assumed for draft in drafts)
    assert found.servers[0].notes[""].startswith("Limits and estimates of the services below add up to 13.81 GB")


def test_a_plan_that_fits_barely_is_left_as_it_is() -> None:
    """The loader warns of it, and a comment says the same."""
    found = _discovered(_host(box.container("app", "app", limit=5 * GIB), memory=8 * GIB))

    assert next(draft for draft in found.services if draft.name == "app").memory == 5 * GIB
    assert found.servers[0].notes[""] == "The services below leave less than a tenth of the RAM free."


def test_a_server_that_is_too_small_for_its_containers_is_an_error() -> None:
    """Even with Docker's minimum for each: the wrong `docker info`."""
    containers = [box.container(f"app-{letter}", "app") for letter in "abcdefghijklmnopqrstuvwxyz"]
    many = [box.container(f"x{number}y", "app") for number in range(30)]
    with pytest.raises(BoxwatchError, match=r"main has 256 MB of RAM, of which 64 MB are reserved: .* 6\d containers"):
        _discovered(_host(*containers, *many, memory=256 * MIB))


@pytest.mark.parametrize(
    ("size", "round_number"),
    [(1, 32), (32, 32), (33, 64), (512, 512), (513, 576), (1025, 1152), (2049, 2304), (8193, 9216)],
)
def test_budgets_are_round(size: int, round_number: int) -> None:
    """Steps grow with the size; in MB."""
    assert rounded(size * MIB) == round_number * MIB


@pytest.mark.parametrize(
    ("reported", "sold"),
    [
        (33534234624, 32 * GIB),
        (8129015808, 8 * GIB),
        (2 * GIB, 2 * GIB),
        (int(62.5 * GIB), 64 * GIB),
        (int(5.9 * GIB), 6 * GIB),
        (int(36.7 * GIB), 37 * GIB),
        (int(0.4 * GIB), 409 * MIB),
        (int(1.3 * GIB), 1331 * MIB),
    ],
)
def test_ram_is_planned_as_it_is_sold(reported: int, sold: int) -> None:
    """The kernel reports a little less."""
    assert servers.sold(reported) == sold


def test_what_is_unknown_of_a_server_is_to_be_filled_in() -> None:
    """And has a value with which the file loads: RAM that holds the services."""
    (server,) = discover.discover([Host(containers=(PROMETHEUS, Container(name="a", limit=20 * GIB)))]).servers

    assert (server.cpus, server.memory, server.disk) == (4, 48 * GIB, 100 * 10**9)
    assert [note.partition(":")[0] for note in server.notes.values()] == ["TO FILL IN"] * 3


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("cpus", Host(containers=(PROMETHEUS,), cpus=5000)),
        ("memory", Host(containers=(PROMETHEUS,), memory=1)),
        ("memory", Host(containers=(PROMETHEUS,), memory=2**60)),
        ("disk", Host(containers=(PROMETHEUS,), disk=1)),
        ("disk", Host(containers=(PROMETHEUS,), disk=10**17)),
    ],
)
def test_nonsense_is_unknown(key: str, host: Host) -> None:
    """A daemon that cannot be reached reports 0."""
    (server,) = discover.discover([host]).servers

    assert server.notes[key].startswith("TO FILL IN")


def test_a_second_server_needs_an_address() -> None:
    """Prometheus' own has none."""
    hosts = [
        Host(name="one", containers=(PROMETHEUS,), address="10.0.0.1"),
        Host(name="two", containers=(Container(name="app"),), address="10.0.0.2"),
        Host(name="two", containers=(Container(name="app2"),), address="not an address"),
    ]
    found = discover.discover(hosts).servers

    assert [(server.name, server.address) for server in found] == [("one", ""), ("two", "10.0.0.2"), ("two-2", "two-2")]
    assert found[2].notes["address"].startswith("TO FILL IN")


def test_the_margin_of_what_is_small_is_large() -> None:
    """A Redis of 12 MB that grows to 20 is no news."""
    draft = _service("tiny", _host(box.container("tiny", "app"), used={"tiny": "12MiB"}))

    assert draft.memory == 160 * MIB
