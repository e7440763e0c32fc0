"""Constraints across fields, including files with problems in single fields."""

from __future__ import annotations

from support.topologies import a_service, a_topology

from boxwatch.errors import TopologyError
from boxwatch.topology.load import parse
from boxwatch.topology.plan import plan
from boxwatch.topology.reading.jsonnet_keys import KeyPlaces
from boxwatch.topology.validation.constraints import arithmetic
from boxwatch.topology.validation.context import ValidationContext

HEAD = "name: mvp\nservers:\n  main: {cpus: 8, memory: 32g, disk: 500GB, reserved: 4g}\nservices:\n"


def paths(text: str) -> list[str]:
    """The paths of all problems."""
    try:
        parse(text, "a.yaml")
    except TopologyError as error:
        return [problem.path for problem in error.problems]
    return []


def test_a_slip_in_one_service_does_not_hide_a_port_taken_by_two_others() -> None:
    """All problems are reported at once."""
    text = HEAD + (
        "  a: {kind: web, server: main, memory: 1x}\n"
        "  b: {kind: web, server: main, memory: 1g, ports: [80]}\n"
        "  c: {kind: web, server: main, memory: 1g, ports: [80]}\n"
    )
    assert paths(text) == ["services.a.memory", "services.c.ports[0]"]


def test_a_service_whose_memory_is_wrong_still_takes_its_port() -> None:
    """Only the invalid field is doubtful."""
    text = HEAD + (
        "  a: {kind: web, server: main, memory: 1x, ports: [80]}\n"
        "  b: {kind: web, server: main, memory: 1g, ports: [80]}\n"
    )
    assert paths(text) == ["services.a.memory", "services.b.ports[0]"]


def test_a_service_with_a_slip_can_name_a_server_that_does_not_exist() -> None:
    """Both problems are reported."""
    assert paths(HEAD + "  a: {kind: wbe, server: mian, memory: 1g}\n") == ["services.a.kind", "services.a.server"]


def test_memory_in_doubt_is_not_added_up() -> None:
    """The placeholder memory is not part of the sum."""
    text = HEAD + "  a: {kind: web, server: main, memory: 40x}\n  b: {kind: web, server: main, memory: 20g}\n"
    assert paths(text) == ["services.a.memory"]


def test_what_is_certain_can_be_too_much_already() -> None:
    """Doubtful services could only add to a plan that is already too large."""
    text = HEAD + "  a: {kind: web, server: main, memory: 40x}\n  b: {kind: web, server: main, memory: 40g}\n"
    assert paths(text) == ["servers.main.memory", "services.a.memory"]


def test_a_server_whose_memory_is_wrong_is_not_compared_with_its_plan() -> None:
    """The services on such a server are still checked."""
    text = HEAD.replace("32g", "32x") + "  a: {kind: web, server: main, memory: 40g, limit: 1g}\n"
    assert paths(text) == ["servers.main.memory", "services.a.limit"]


def test_an_unknown_key_puts_selectors_in_doubt() -> None:
    """`containrs` was probably meant to separate the selectors."""
    text = HEAD + (
        "  web: {kind: web, server: main, memory: 1g}\n"
        "  web-2: {kind: web, server: main, memory: 1g, containrs: [{name: x}]}\n"
    )
    assert paths(text) == ["services.web-2.containrs"]


def test_a_server_with_a_wrong_name_may_be_the_one_that_is_meant() -> None:
    """An invalid server name is one problem, not one per service on it."""
    text = HEAD.replace("main:", "Main:") + "  a: {kind: web, server: main, memory: 1g}\n"
    assert paths(text) == ["servers.Main"]
    assert paths(text.replace("server: main", "server: Main")) == ["servers.Main", "services.a.server"]
    assert paths(text.replace("server: main", "server: [main, Main]")) == ["servers.Main", "services.a.server[1]"]


def test_nothing_across_fields_is_said_when_a_section_is_missing() -> None:
    """Without a section there is nothing to compare."""
    assert paths("name: mvp\nservers: {main: {cpus: 8, memory: 32g, disk: 500GB, reserved: 99g}}\n") == ["services"]
    assert paths("name: mvp\nservers: {main: 1}\nservices: {a: 2}\n") == ["servers.main", "services.a"]


def test_a_section_in_doubt_is_left_out() -> None:
    """Invalid thresholds do not prevent other comparisons."""
    text = HEAD + "  a: {kind: web, server: mian, memory: 1g}\nthresholds: {restarts: 0}\nname2: x\n"
    assert paths(text) == ["services.a.server", "thresholds.restarts", "name2"]


def test_services_are_compared_even_when_no_server_is_right() -> None:
    """An error in the only server does not hide problems of its services."""
    text = HEAD.replace("main:", "Main:") + "  a: {kind: web, server: main, memory: 2g, limit: 1g}\n"
    assert paths(text) == ["servers.Main", "services.a.limit"]
    services = "services:\n  a: {kind: web, server: main, memory: 2g, limit: 1g}\n"
    assert paths("name: mvp\n" + services) == ["servers", "services.a.limit"]
    assert paths("name: mvp\nservers: []\n" + services) == ["servers", "services.a.limit"]


def test_a_parked_service_leaves_its_port_to_others() -> None:
    """Blue and green services may share a port."""
    text = HEAD + (
        "  blue: {kind: web, server: main, memory: 1g, ports: [80]}\n"
        "  green: {kind: web, server: main, memory: 1g, ports: [80], replicas: 0}\n"
    )
    assert paths(text) == []


def test_a_parked_service_keeps_its_containers() -> None:
    """Containers of a parked service may still run, and must not match another service."""
    text = HEAD + (
        "  blue: {kind: web, server: main, memory: 1g, containers: [{name: app}]}\n"
        "  green: {kind: web, server: main, memory: 1g, containers: [{name: app}], replicas: 0}\n"
    )
    assert paths(text) == ["services.green.containers[0]"]


def test_the_arithmetic_starts_with_the_largest_and_sums_up_the_rest() -> None:
    """The sum fits one line for any number of services."""
    services = [a_service(f"s{size}", memory=f"{size}g", replicas=2) for size in range(1, 9)]
    (server,) = plan(a_topology(services=services)).servers
    assert arithmetic(server) == (
        "s8 2 × 8 GB + s7 2 × 7 GB + s6 2 × 6 GB + s5 2 × 5 GB + s4 2 × 4 GB + s3 2 × 3 GB + 2 others 6 GB "
        "+ 4 GB reserved = 76 GB"
    )


def test_a_place_in_another_file_is_named_with_it() -> None:
    """References to another Jsonnet file include its name."""
    places = KeyPlaces({"main.jsonnet": "{ a: 1 }", "lib.libsonnet": "{ b: 1 }"})
    context = ValidationContext(a_topology(), places, frozenset({"main"}))
    assert context.line(("a",)) == "line 1"
    assert context.line(("b",)) == "lib.libsonnet, line 1"
    assert context.line(("c",)) == "the file"
