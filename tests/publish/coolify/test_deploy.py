"""Deploying to Coolify: from any state to the same one, also when it is killed at any request."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import rotation
from support.coolify_writes import REPORT, START, Killed
from support.deploying import ADDRESS, NAME, World, compose, desired

from boxwatch.errors import PublishError
from boxwatch.publish.coolify import plan as planning
from boxwatch.publish.coolify.deploy import Deployment, Timing
from boxwatch.publish.coolify.plan import Desired

_NAMES = ("prometheus", "grafana", "alertmanager", "redis-exporter")
_VARIABLES = ("BOXWATCH_A", "BOXWATCH_B")
_VALUES = ("one", "t#w o", "3=3", "{}", "ü")


@st.composite
def builds(draw: st.DrawFn) -> Desired:
    """Any build, with the values that it requires."""
    names = draw(st.lists(st.sampled_from(_NAMES), min_size=1, unique=True))
    contents = {name: draw(st.sampled_from(("a: 1\n", "b: 2\n", "c: 3"))) for name in names}
    variables = draw(st.lists(st.sampled_from(_VARIABLES), unique=True))
    urls = {"grafana": ADDRESS} if "grafana" in names and draw(st.booleans()) else {}
    values = {name: draw(st.sampled_from(_VALUES)) for name in variables}
    return desired(compose(contents, variables), values, urls=urls)


def _edited(world: World, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
    """What a person or a fault may do to the resource."""
    stack = world.stack()
    parts = stack.record["applications"]
    match draw(st.sampled_from(("variable", "address", "compose", "words", "stopped", "excluded", "broken"))):
        case "variable":
            stack.values |= dict.fromkeys(draw(st.sets(st.sampled_from(_VARIABLES))), "edited")
        case "address":
            parts[0]["fqdn"] = "https://elsewhere.example.com"
        case "compose":
            world.fake._save(stack, compose({"prometheus": "edited"}))  # noqa: SLF001 - the fake's user interface
        case "words":
            stack.record["description"] = f"Ours. {stack.record['description']} Ask Ada."
        case "stopped":
            for part in parts:
                part["status"] = "exited"
            stack.starts, stack.running = [], {}
        case "excluded":
            parts[0]["exclude_from_status"] = True
        case "broken":
            for name in stack.running:
                stack.running[name]["fails"] = True
            world.sleep(REPORT)


@settings(rotation.examples(40))
@given(before=st.lists(builds(), max_size=2), build=builds(), data=st.data())
def test_any_state_before_leads_to_the_same_state_after(
    before: list[Desired], build: Desired, data: st.DataObject
) -> None:
    """Whatever was deployed, and whoever edited it: what the build wants is there, runs, and is healthy."""
    world = World()
    for one in before:
        world.deploy(one)
        if data.draw(st.booleans()):
            _edited(world, data.draw)

    world.deploy(build)
    writes = len(world.fake.wrote)
    again = world.deploy(build)

    _is_deployed(world, build)
    assert not again.differs
    assert len(world.fake.wrote) == writes, "a second run writes nothing"
    assert len(world.fake.stacks) == 1


def _is_deployed(world: World, build: Desired) -> None:
    stack, document = world.stack(), build.document
    fresh = World()
    fresh.deploy(build)
    there, expected = world.outcome(), fresh.outcome()

    assert there["compose"] == expected["compose"]
    assert there["running"].keys() == document["services"].keys()
    for name, one in there["running"].items():
        assert one["files"] == expected["running"][name]["files"], f"{name} reads other files"
        assert one["values"].items() >= build.values.items(), f"{name} has old values"
        assert one["service"]["image"] == document["services"][name]["image"]
    for name, (_image, url, status, excluded) in there["services"].items():
        assert excluded == (name not in document["services"]), name
        if name in document["services"]:
            assert status == "running:healthy", name
        if name in build.urls:
            assert url == build.urls[name]
    assert "state=deployed]" in stack.record["description"]


@settings(rotation.examples(25))
@given(first=st.none() | builds(), build=builds(), data=st.data())
def test_killed_at_any_request_the_next_run_ends_in_the_same_state(
    first: Desired | None, build: Desired, data: st.DataObject
) -> None:
    """Before the request reaches Coolify, or before its response arrives."""
    whole = World()
    if first:
        whole.deploy(first)
    sent: list[str] = []
    whole.deploy(build, sent.append)
    requests = len(sent)
    at = data.draw(st.integers(0, max(requests - 1, 0)), label="request")
    answered = data.draw(st.booleans(), label="reached Coolify")
    rest = data.draw(st.sampled_from((0.0, START, REPORT, 3600.0)), label="seconds until the next run")

    world = World()
    if first:
        world.deploy(first)
    _killed(world, build, at, answered=answered)
    world.sleep(rest)
    world.deploy(build)

    _is_deployed(world, build)
    assert not world.plan(build).differs
    assert {key: value for key, value in world.outcome().items() if key != "running"} == {
        key: value for key, value in whole.outcome().items() if key != "running"
    }


def _killed(world: World, build: Desired, at: int, *, answered: bool) -> None:
    seen = itertools.count()

    def before(_request: str) -> None:
        number = next(seen)
        # The request after has not been sent when the response to this one is lost.
        if number == at + answered:
            raise Killed

    try:
        world.deploy(build, before)
    except Killed:
        return


def test_a_killed_run_is_killed() -> None:
    """Or the test above would prove nothing: the first run stops after creating, and nothing runs."""
    world = World()
    _killed(world, _small(), 6, answered=False)

    assert world.fake.wrote == ["POST /services"]
    assert "state=changing]" in world.stack().record["description"]
    assert world.stack().starts == []


def _small(**more: Any) -> Desired:  # noqa: ANN401 - of Desired
    return desired(
        compose({"prometheus": "a: 1\n", "grafana": "b: 2\n"}, ["BOXWATCH_A"]), {"BOXWATCH_A": "secret"}, **more
    )


def test_the_first_deployment_creates_and_starts_once() -> None:
    """Four requests that write: create, variables, start, and the marker at the end."""
    world = World()
    world.deploy(_small())
    uuid = world.stack().record["uuid"]

    assert world.fake.wrote == [
        "POST /services",
        f"PATCH /services/{uuid}/envs/bulk",
        f"PATCH /services/{uuid}",
        f"PATCH /services/{uuid}",
    ]
    assert len(world.stack().starts) == 1
    assert world.said == [
        f"created monitoring ({uuid})",
        "set 1 variable",
        "started monitoring",
        "grafana is healthy",
        "prometheus is healthy",
    ]


def test_files_are_written_before_the_start() -> None:
    """Docker makes a directory of a file that is not there, and the container fails."""
    many = desired(compose({f"part-{number}": f"a: {number}" for number in range(60)}))
    world = World()
    world.deploy(many)

    assert all(due <= world.stack().starts[0] for due in world.stack().written.values())


def test_without_that_time_containers_fail() -> None:
    """Or the test above would prove nothing."""
    many = desired(compose({f"part-{number}": f"a: {number}" for number in range(60)}))
    world = World()
    impatient = dataclasses.replace(world.timing, settle=0, file=0)
    with pytest.raises(PublishError, match="not healthy"):
        _with(world, many, impatient)


def _with(world: World, build: Desired, timing: Timing) -> None:
    Deployment(world.api(), build, world.plan(build), timing).apply(world.said.append, lambda _done, _of: None)


def test_the_old_containers_health_is_no_proof() -> None:
    """Coolify shows it until Sentinel reports: a part that fails after an update is noticed."""
    world = World()
    world.deploy(_small())
    world.stack().broken = {"grafana"}

    with pytest.raises(PublishError, match=r"after 10 min these are not healthy: grafana \(exited\)"):
        world.deploy(_small(urls={"grafana": ADDRESS}))
    assert "state=starting]" in world.stack().record["description"]


def test_what_became_healthy_meanwhile_is_not_started_again() -> None:
    """The run that was cut off had requested the start."""
    world = World()
    # version, services, projects, project, servers, create, variables, start, status
    _killed(world, _small(), 8, answered=False)
    assert len(world.stack().starts) == 1
    world.sleep(REPORT)

    world.deploy(_small())

    assert len(world.stack().starts) == 1
    assert "state=deployed]" in world.stack().record["description"]


def test_nothing_is_deleted() -> None:
    """Neither a volume, nor a variable, nor a resource: no request asks for it."""
    world = World()
    world.deploy(_small())
    world.deploy(desired(compose({"prometheus": "c: 3"})))
    methods = {line.split()[0] for line in world.fake.wrote}

    assert methods == {"POST", "PATCH"}
    assert world.stack().values["BOXWATCH_A"] == "secret"


def test_a_part_that_left_does_not_degrade_the_resource() -> None:
    """Coolify keeps it, as exited; it is left out of the status, and taken in when it comes back."""
    world = World()
    world.deploy(_small())
    world.deploy(desired(compose({"prometheus": "a: 1\n"}, ["BOXWATCH_A"])))
    assert world.api().resource(world.stack().record["uuid"]).status == "running:healthy"
    assert world.stack().record["applications"][1]["exclude_from_status"]

    world.deploy(_small())
    assert not world.stack().record["applications"][1]["exclude_from_status"]


def test_a_lost_response_to_the_creation_makes_no_second_resource() -> None:
    """The resource that is there with our marker is the one."""
    world = World()
    build, api = _small(), world.api()

    def send(method: str, path: str, body: bytes | None, *, again: bool) -> Any:  # noqa: ANN401 - an answer
        found = sender(method, path, body, again=again)
        if method == "POST":
            assert not again
            raise PublishError("POST: no complete response within 90 s")
        return found

    api, sender = dataclasses.replace(api, send=send), api.send
    Deployment(api, build, planning.plan(api, build), world.timing).apply(world.said.append, lambda _done, _of: None)

    assert len(world.fake.stacks) == 1
    _is_deployed(world, build)


def test_a_refused_creation_says_why() -> None:
    """A domain that another resource has."""
    world = World()
    world.fake.domains.add(ADDRESS)

    with pytest.raises(PublishError, match="another resource has the same domain: remove it there, or change"):
        world.deploy(_small(urls={"grafana": ADDRESS}))
    assert world.fake.stacks == {}


def test_the_start_is_sent_once() -> None:
    """A repeated start would replace all containers twice. Everything else may be repeated, but the creation."""
    world = World()
    seen: list[str] = []
    world.deploy(_small(), seen.append)

    assert [one for one in seen if one.endswith(" once")] == [
        "POST /api/v1/services once",
        f"PATCH /api/v1/services/{world.stack().record['uuid']} once",
    ]


def test_a_resource_of_another_is_left_alone() -> None:
    """Same name, same environment, no marker."""
    world = World()
    other = world.fake.add_stack(NAME, world.environment, compose({"theirs": "x"}))

    with pytest.raises(
        PublishError, match="has a resource called monitoring that boxwatch did not create: pass another"
    ):
        world.deploy(_small())
    assert world.fake.wrote == []

    world.deploy(_small(adopt=True))
    assert world.stack() is other
    assert "theirs" not in other.running
    assert other.record["applications"][0]["exclude_from_status"]


def test_a_resource_of_another_deployment_is_never_taken() -> None:
    """Not even with --adopt."""
    world = World()
    marked = "[boxwatch deployment=other state=deployed]"
    world.fake.add_stack(NAME, world.environment, compose({"theirs": "x"}), description=marked)

    with pytest.raises(PublishError, match="monitoring belongs to deployment other: pass another name with --name"):
        world.deploy(_small(adopt=True))


def test_a_resource_of_the_same_name_elsewhere_does_not_matter() -> None:
    """Another environment's."""
    world = World()
    world.fake.add_stack(NAME, world.environment + 1, compose({"theirs": "x"}))
    world.deploy(_small())

    _is_deployed(world, _small())
    assert len(world.fake.stacks) == 2


def test_a_renamed_resource_is_recognised() -> None:
    """By its marker."""
    world = World()
    world.deploy(_small())
    world.stack().record["name"] = "observability"

    assert not world.deploy(_small()).differs


def test_two_environments_may_have_the_same_deployment() -> None:
    """Each is addressed by its name, and without one both are refused."""
    world = World()
    world.deploy(_small())
    world.deploy(_small(environment="staging"))
    assert len(world.fake.stacks) == 2
    assert not world.deploy(_small(environment="staging")).differs
    assert not world.deploy(_small()).differs, "production is the usual one"

    for stack in world.fake.stacks.values():
        stack.record["environment_id"] = world.environment
    with pytest.raises(PublishError, match="are all marked as deployment shop: remove the marker"):
        world.plan(_small())


def test_the_same_stack_pasted_by_hand_is_started_once_when_it_is_taken_over() -> None:
    """Nothing differs but the marker: from then on it is ours."""
    world = World()
    text = compose({"prometheus": "a: 1\n"})
    world.fake.add_stack(NAME, world.environment, text, description="Ask Ada.")
    plan = world.deploy(desired(text, adopt=True))

    assert (plan.why, plan.send_compose) == ("is taken over", False)
    assert world.stack().record["description"] == "Ask Ada. [boxwatch deployment=shop state=deployed]"
    assert not world.deploy(desired(text)).differs


def test_a_destination_is_passed_on() -> None:
    """Coolify asks for one if the server has several Docker networks."""
    world = World()
    bodies: list[bytes] = []
    api = world.api()

    def send(method: str, path: str, body: bytes | None, *, again: bool) -> Any:  # noqa: ANN401 - an answer
        bodies.append(body or b"")
        return sender(method, path, body, again=again)

    api, sender = dataclasses.replace(api, send=send), api.send
    build = _small(destination="d0kk")
    Deployment(api, build, planning.plan(api, build), world.timing).apply(world.said.append, lambda _done, _of: None)

    assert any(b'"destination_uuid": "d0kk"' in body for body in bodies)
