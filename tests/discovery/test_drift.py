"""Drift: what is new, gone, or other than planned is said in words; what is as planned is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support import docker_box as box
from support.docker_box import Record
from support.topologies import a_server, a_service, a_topology

from boxwatch.discovery import discover, docker, drift, write
from boxwatch.discovery.model import Container, Host
from boxwatch.errors import InputError
from boxwatch.topology.load import parse
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB, MIB

Edit = Callable[[list[Record]], object]


def _planned() -> Topology:
    host = docker.read(box.output(box.box()), "box.json")
    return parse(write.text(discover.discover([host])), "topology.yaml").topology


PLANNED = _planned()


def _find(containers: list[Record], beginning: str) -> Record:
    return next(one for one in containers if str(one["Name"]).startswith(f"/{beginning}"))


def _after(edit: Edit, *others: Record) -> drift.Report:
    """The box after a change."""
    containers = box.box()
    edit(containers)
    host = docker.read(box.joined([containers, *(others or (box.info(),))]), "box.json")
    return drift.compare(PLANNED, drift.pairs(PLANNED, [host]))


def _stop(beginning: str) -> Edit:
    return lambda containers: containers.remove(_find(containers, beginning))


def _set(beginning: str, section: str, key: str, value: object) -> Edit:
    return lambda containers: _find(containers, beginning)[section].update({key: value})


def _add(record: Record) -> Edit:
    return lambda containers: containers.append(record)


def test_a_box_as_planned_has_not_drifted() -> None:
    """The monitoring stack is planned before it is deployed: a note, no difference."""
    report = _after(lambda _containers: None)

    assert report.differences == ()
    assert report.notes == ("monitoring is planned on main but not deployed yet",)
    assert (report.containers, report.left_out) == (22, 3)


@pytest.mark.parametrize(
    ("edit", "what", "message"),
    [
        (
            _add(box.application("blog", image="ghost:5")),
            "new",
            (
                "Container blogshopproductionk0s8w4-101530123456 of the resource blog in shop, production, "
                "image ghost:5, is running, but no service in the topology selects it."
            ),
        ),
        (
            _add(box.container("watchtower", "")),
            "new",
            "Container watchtower is running, but no service in the topology selects it.",
        ),
        (_stop("worker"), "gone", "worker is planned, but none of its containers is running."),
        (
            _set("worker", "State", "Status", "exited"),
            "gone",
            "worker is planned, but none of its containers is running.",
        ),
        (_stop("web2shop"), "replicas", "web has 1 running replica; the topology plans 2."),
        (_add(box.application("web-3", limit=GIB)), "replicas", "web has 3 running replicas; the topology plans 2."),
        (_stop("plausible-db"), "replicas", "plausible/plausible-db is not running; the topology plans 1 replica."),
        (
            _set("worker", "HostConfig", "Memory", 2 * GIB),
            "limit",
            "worker has a limit of 2 GB; the topology plans 1 GB.",
        ),
        (_set("worker", "HostConfig", "Memory", 0), "limit", "worker has no memory limit; the topology plans 1 GB."),
        (
            _set("web2shop", "HostConfig", "Memory", 512 * MIB),
            "limit",
            "web has a limit of 512 MB in 1 of 2 containers; the topology plans 1 GB.",
        ),
        (
            _set("adminer", "HostConfig", "Memory", GIB),
            "limit",
            "adminer has a limit of 1 GB; the topology plans none.",
        ),
        (
            _set("adminer", "NetworkSettings", "Ports", {"8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": "9002"}]}),  # noqa: S104
            "ports",
            "adminer publishes 9002 on the server, which the topology does not list.",
        ),
        (
            _set("api", "Config", "ExposedPorts", {"4001/tcp": {}}),
            "ports",
            "api lists 3001 in the topology, but its containers listen on 4001.",
        ),
    ],
)
def test_a_change_is_said_in_words(edit: Edit, what: str, message: str) -> None:
    """One difference for one change, with its kind and its sentence."""

    def clear(containers: list[Record]) -> None:
        edit(containers)
        for one in containers:
            if one["Config"]["ExposedPorts"] == {"4001/tcp": {}}:
                one["NetworkSettings"]["Ports"] = {}

    report = _after(clear)

    found = [(one.what, one.message) for one in report.differences]
    assert (what, message) in found
    assert {other for other, _ in found} == {what}


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (box.info(NCPU=16), "main has 16 vCPUs; the topology says 8."),
        (box.info(MemTotal=64 * GIB), "main has 64 GB of RAM; the topology says 32 GB."),
        (box.info(MemTotal=16 * GIB), "main has 16 GB of RAM; the topology says 32 GB."),
    ],
)
def test_another_size_of_the_server_is_drift(info: Record, message: str) -> None:
    """It was rescaled."""
    assert [one.message for one in _after(lambda _containers: None, info).differences] == [message]


@pytest.mark.parametrize(
    "edit",
    [
        _add(box.application("api", preview=8)),
        _add(box.helper()),
        _add(box.application("worker", limit=GIB, deployed="101631123456")),
        _add(box.application("old", state="exited")),
        _stop("coolify-sentinel"),
        _set("worker", "HostConfig", "Memory", GIB + 4096),
    ],
    ids=["preview", "build", "rolling deployment", "stopped", "optional component", "a page"],
)
def test_what_comes_and_goes_is_no_drift(edit: Edit) -> None:
    """Previews, builds, deployments."""
    assert _after(edit).differences == ()


def test_a_parked_service_does_not_run() -> None:
    """If it does, that is drift."""
    topology = a_topology(servers=[a_server(cpus=8)], services=[a_service("web", replicas=0, limit="none")])
    host = docker.read(box.joined([[box.application("web")], box.info()]), "box.json")
    report = drift.compare(topology, drift.pairs(topology, [host]))

    assert [one.message for one in report.differences] == ["web is parked, but has 1 running replica."]
    assert drift.compare(topology, drift.pairs(topology, [Host()])).differences == ()


def test_what_is_unknown_is_no_drift() -> None:
    """Coolify's API says nothing of the limits and ports of stacks."""
    topology = a_topology(services=[a_service("web", memory="1g", ports=[3000])])
    host = Host(containers=(Container(name="web", limit=None, labels=Container(name="").labels),))
    topology = a_topology(services=[a_service("web", memory="1g", ports=[3000], containers=[{"name": "web"}])])

    assert drift.compare(topology, drift.pairs(topology, [host])).differences == ()


def test_components_without_memory_have_no_limit_to_compare() -> None:
    """They share what the others leave."""
    parts = [{"name": "app", "component": "app"}, {"name": "db", "component": "db", "memory": "1g"}]
    topology = a_topology(services=[a_service("shop", memory="2g", containers=parts)])
    host = Host(containers=(Container(name="app", limit=5 * GIB), Container(name="db", limit=GIB)))

    assert drift.compare(topology, drift.pairs(topology, [host])).differences == ()


TWO = a_topology(
    servers=[a_server("one"), a_server("two", address="10.0.0.2")],
    services=[a_service("web", server="one"), a_service("api", server="two")],
)


def test_the_server_is_known_by_its_name() -> None:
    """As Docker knows it, or as the user names it."""
    assert [server.name for server, _ in drift.pairs(TWO, [Host(name="Two")])] == ["two"]
    assert [server.name for server, _ in drift.pairs(TWO, [Host(name="x")], "one")] == ["one"]
    assert [server.name for server, _ in drift.pairs(TWO, [Host(name="two"), Host(name="one")])] == ["two", "one"]
    assert [server.name for server, _ in drift.pairs(TWO, [Host(name="two"), Host(name="one")], "one")] == ["one"]


@pytest.mark.parametrize(
    ("hosts", "named", "message"),
    [
        ([Host(name="x")], "", "the topology has the servers one and two, and none of them is called x"),
        ([Host()], "", "the topology has the servers one and two, and none of them is called without a name"),
        ([Host(name="one")], "three", "--server: three is not a server of the topology, which has one and two"),
    ],
)
def test_a_server_that_is_not_in_the_topology_is_refused(hosts: list[Host], named: str, message: str) -> None:
    """Compared with the wrong one, everything would be drift."""
    with pytest.raises(InputError, match=message):
        drift.pairs(TWO, hosts, named)


def test_a_service_without_containers_is_not_missed() -> None:
    """A managed database has nothing that could be gone."""
    managed = a_service("orders", kind="postgres", containers="none")
    planned = PLANNED.model_copy(update={"services": (*PLANNED.services, managed)})
    host = docker.read(box.output(box.box()), "box.json")

    assert drift.compare(planned, drift.pairs(planned, [host])).differences == ()
