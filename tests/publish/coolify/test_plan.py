"""The plan: what it says, what it refuses, and where a new resource goes."""

from __future__ import annotations

from typing import Any

import pytest
from support.coolify_writes import ALL
from support.deploying import ADDRESS, World, compose, desired

from boxwatch.errors import PublishError
from boxwatch.publish.coolify.plan import Desired


def _build(**more: Any) -> Desired:  # noqa: ANN401 - of Desired
    values = more.pop("values", {"BOXWATCH_A": "s3cr3t-value"})
    text = more.pop("text", compose({"prometheus": "a: 1\n", "grafana": "b: 2\n"}, ["BOXWATCH_A"]))
    return desired(text, values, **more)


def _lines(world: World, build: Desired) -> list[str]:
    return list(world.plan(build).lines())


def test_a_new_resource_is_described_whole() -> None:
    """Where, which services, which variables, and what happens."""
    assert _lines(World(), _build(urls={"grafana": ADDRESS})) == [
        "+ resource monitoring in project Shop, environment production, on server localhost",
        "+ service prometheus: example/prometheus:v1.0.5",
        "+ service grafana: example/grafana:v1.0.5",
        "+ variable BOXWATCH_A",
        "+ address of grafana: https://grafana.example.com:3000",
        "monitoring: is created and started",
    ]


def test_an_update_is_described_by_its_differences() -> None:
    """And says why everything is replaced."""
    world = World()
    world.deploy(_build())
    text = compose({"prometheus": "a: 1\n", "redis-exporter": "c"}, ["BOXWATCH_A"])

    assert _lines(world, _build(text=text, values={"BOXWATCH_A": "new"})) == [
        "+ service redis-exporter: example/redis-exporter:v1.0.1",
        "- service grafana: its container is removed, its volumes are kept",
        "~ variable BOXWATCH_A",
        "~ status: grafana is left out of the status of the resource",
        "monitoring: compose file and variables changed, so all containers are replaced; volumes are kept",
    ]


def test_an_address_is_told_with_the_old_one() -> None:
    """Coolify made one up."""
    world = World()
    world.deploy(_build())

    assert (
        "~ address of grafana: http://grafana.203.0.113.7.sslip.io:3000 → https://grafana.example.com:3000"
        in _lines(world, _build(urls={"grafana": ADDRESS}))
    )


def test_nothing_to_do_is_said() -> None:
    """And nothing else."""
    world = World()
    world.deploy(_build())

    assert _lines(world, _build()) == ["monitoring: runs this build, nothing to do"]


def test_a_domain_beside_others_is_there() -> None:
    """Coolify keeps several, separated by commas."""
    world = World()
    world.deploy(_build())
    world.stack().record["applications"][1]["fqdn"] = f"https://a.example.com:3000,{ADDRESS}"

    assert not world.plan(_build(urls={"grafana": ADDRESS})).differs


def test_a_missing_variable_is_refused_with_the_way_to_pass_it() -> None:
    """Coolify's API starts a stack without it; its containers would not start."""
    plan = World().plan(_build(values={}))

    assert plan.refused
    assert list(plan.lines())[-2:] == [
        "! variable BOXWATCH_A is required and has no value: pass it with --env-file or --secret BOXWATCH_A=FILE",
        "monitoring: refused, nothing is changed",
    ]


def test_a_variable_that_coolify_has_need_not_be_passed_again() -> None:
    """Secrets are passed once; an empty one is missing."""
    world = World()
    world.deploy(_build())
    assert not world.plan(_build(values={})).refused

    world.stack().values["BOXWATCH_A"] = ""
    assert world.plan(_build(values={})).missing == ("BOXWATCH_A",)


def test_a_value_that_would_be_changed_is_refused() -> None:
    """Before anything is written."""
    plan = World().plan(_build(values={"BOXWATCH_A": "pa$$word"}))

    assert plan.refused
    assert any("! the value of BOXWATCH_A contains `$`" in line for line in plan.lines())


def test_no_value_appears_in_a_plan() -> None:
    """Neither in lines, nor in JSON, nor in a repr."""
    world = World()
    build = _build()
    for plan in (world.plan(build), world.deploy(build), world.plan(_build(values={"BOXWATCH_A": "other-value"}))):
        for text in (str(plan), repr(build), str(plan.to_json()), *plan.lines()):
            assert "s3cr3t-value" not in text
            assert "other-value" not in text


def test_an_unknown_variable_is_noted() -> None:
    """A mistyped name."""
    plan = World().plan(_build(values={"BOXWATCH_A": "1", "BOXWATCH_Q": "1"}))

    assert plan.notes == ("BOXWATCH_Q is no variable of this stack in Coolify, and is left out",)


def test_a_locked_variable_is_left_alone() -> None:
    """Coolify shows its value to nobody."""
    world = World()
    world.deploy(_build())
    world.stack().locked = {"BOXWATCH_A"}
    plan = world.plan(_build(values={"BOXWATCH_A": "new"}))

    assert not plan.differs
    assert plan.notes == ("BOXWATCH_A is locked in Coolify: its value is neither compared nor changed",)


def test_a_file_with_other_content_is_noted() -> None:
    """Coolify writes a path once: an edited or an empty file stays."""
    world = World()
    world.deploy(_build())
    (path,) = (path for service, path in world.stack().parsed.stored if service == "grafana" and path.endswith(".yml"))
    world.stack().parsed.stored["grafana", path].content = "edited"

    (note,) = world.plan(_build()).notes
    assert note == (
        f"Coolify has other content than the build for {path}: delete the file under Storages, and deploy again"
    )


def test_a_deleted_file_is_written_again() -> None:
    """The advice of the note above works: the compose file is sent, with its inline files."""
    world = World()
    world.deploy(_build())
    for key in [key for key in world.stack().parsed.stored if key[0] == "grafana" and key[1].endswith(".yml")]:
        del world.stack().parsed.stored[key]

    assert world.deploy(_build()).new_files == 1
    assert not world.plan(_build()).differs


def test_an_unhealthy_container_is_noted_but_not_restarted() -> None:
    """It runs: a restart would lose what its logs say."""
    world = World()
    world.deploy(_build())
    stack = world.stack()
    stack.starts = []
    stack.record["applications"][1]["status"] = "running:unhealthy"
    plan = world.plan(_build())

    assert not plan.differs
    assert plan.notes == ("not healthy: grafana; see its logs in Coolify",)


def test_a_stopped_container_is_a_reason_to_start() -> None:
    """The plan names it."""
    world = World()
    world.deploy(_build())
    stack = world.stack()
    stack.starts = []
    stack.record["applications"][1]["status"] = "exited"

    assert world.plan(_build()).why == "grafana not running"


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("read", "permission denied: the token lacks read; create one with read, read:sensitive and write"),
        ("read:sensitive", "the token cannot read the compose file of monitoring, so it cannot be compared"),
        ("write", "permission denied: the token lacks write; create one with read, read:sensitive and write"),
    ],
)
def test_a_token_that_may_too_little_is_told_what_it_lacks(missing: str, message: str) -> None:
    """Each ability, by its name."""
    world = World()
    world.deploy(_build())
    world.fake.abilities = ALL - {missing}

    with pytest.raises(PublishError, match=message):
        world.deploy(_build(urls={"grafana": ADDRESS}))


def test_a_place_that_is_not_clear_is_asked_for() -> None:
    """With those that there are."""
    world = World()
    world.fake.add_project("Blog", "live")
    with pytest.raises(PublishError, match=r"has several: which project\? Pass --project; there is Shop \(shop0.+Blog"):
        world.plan(_build())
    with pytest.raises(PublishError, match=r"has no environment nightly\? Pass --environment; there is live"):
        world.plan(_build(project="Blog", environment="nightly"))

    world.fake.add_server("second")
    with pytest.raises(PublishError, match=r"which server\? Pass --server; there is localhost"):
        world.plan(_build(project="Blog"))
    target = world.plan(_build(project="Blog", server="second")).target
    assert target is not None
    assert (target.environment.name, target.server.name) == ("live", "second")


def test_a_team_without_a_project_is_told_so() -> None:
    """It is created in Coolify, by a person."""
    world = World()
    world.fake.projects = []

    with pytest.raises(PublishError, match=r"has no project\? Pass --project; there is none"):
        world.plan(_build())


def test_two_resources_of_the_name_are_refused() -> None:
    """Coolify allows them; which one is meant?"""
    world = World()
    for text in ("a", "b"):
        world.fake.add_stack("monitoring", world.environment, compose({"x": text}))

    with pytest.raises(PublishError, match="2 resources of production are called monitoring"):
        world.plan(_build(adopt=True))


def test_an_old_coolify_is_noted() -> None:
    """Its API may differ."""
    world = World()
    world.fake.version = "4.1"

    assert world.plan(_build()).notes == ("Coolify 4.1.2 is older than 4.3, whose API this was written for",)


def test_a_build_without_services_is_no_build() -> None:
    """Refused before any request."""
    with pytest.raises(PublishError, match="has no services: build again"):
        desired("services: 3")


def test_an_excluded_container_is_taken_in_without_a_restart() -> None:
    """Somebody left Grafana out of the status."""
    world = World()
    world.deploy(_build())
    world.stack().record["applications"][1]["exclude_from_status"] = True

    assert _lines(world, _build()) == [
        "~ status: grafana is taken into the status of the resource",
        "monitoring: changes without a restart",
    ]
    world.deploy(_build())
    assert len(world.stack().starts) == 1


def test_a_start_that_is_under_way_is_waited_for() -> None:
    """The last run was cut off after it: the plan says so, and nothing is started again."""
    world = World()
    world.deploy(_build())
    stack = world.stack()
    stack.record["description"] = stack.record["description"].replace("state=deployed", "state=starting")

    assert _lines(world, _build()) == ["monitoring: was started before, and is waited for"]
    world.deploy(_build())
    assert len(stack.starts) == 1
