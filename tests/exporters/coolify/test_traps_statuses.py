"""Traps of Coolify's API in resource states. One test per trap, with its name."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

from support.coolify import HandClock, Rig
from support.traps import app, healths, states, unparsed

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.fake.box import default


def test_bare_status(rig: Rig) -> None:
    rig.fake.traps.add("bare_status")
    rig.settle()

    assert (states(rig), healths(rig)) == ({"exited"}, {"unknown"})


def test_legacy_status(rig: Rig) -> None:
    rig.fake.traps.add("legacy_status")
    rig.settle()

    assert (states(rig), healths(rig)) == ({"running"}, {"healthy"})


def test_excluded_status(rig: Rig) -> None:
    rig.fake.traps.add("excluded_status")
    rig.settle()

    assert {value for _, value in rig.values(names.RESOURCE_EXCLUDED)} == {1.0}
    assert (states(rig), healths(rig)) == ({"running"}, {"healthy"})


def test_degraded_excluded(rig: Rig) -> None:
    rig.fake.traps.add("degraded_excluded")
    rig.settle()

    assert {value for _, value in rig.values(names.RESOURCE_EXCLUDED)} == {1.0}
    assert (states(rig), healths(rig)) == ({"degraded"}, {"unknown"})
    assert unparsed(rig) == {}


def test_docker_status(rig: Rig) -> None:
    rig.fake.traps.add("docker_status")
    rig.settle()

    assert (states(rig), healths(rig)) == ({"degraded"}, {"unhealthy"})


def test_new_status(rig: Rig) -> None:
    rig.fake.traps.add("new_status")
    rig.settle()

    assert (states(rig), healths(rig)) == ({"unknown"}, {"unknown"})
    assert unparsed(rig)["applications", "status"] == 7.0
    assert "hibernating" not in rig.page()


def test_no_health_check(rig: Rig) -> None:
    rig.fake.traps.add("no_health_check")
    rig.settle()

    assert (states(rig), healths(rig)) == ({"running"}, {"unknown"})
    assert unparsed(rig) == {}


def test_parts_missing(rig: Rig) -> None:
    rig.settle()
    assert rig.present(names.PART_STATE, "state", part="minio") == "running"
    rig.fake.traps.add("parts_missing")
    rig.wait(150)

    assert rig.values(names.PART_STATE) == []
    assert rig.present(names.RESOURCE_STATE, "state", resource="minio") == "running", "the newer states decide"
    assert unparsed(rig) == {}


def test_everything_exited(rig: Rig) -> None:
    rig.settle()
    assert {value for _, value in rig.values(names.RESOURCE_SERVER_REACHABLE)} == {1.0}
    rig.fake.servers[0]["settings"]["is_reachable"] = False
    for record in (*rig.fake.applications, *rig.fake.services, *rig.fake.databases):
        record["status"] = "exited"
    rig.wait(120)

    assert states(rig) == {"exited"}
    assert {value for _, value in rig.values(names.RESOURCE_SERVER_REACHABLE)} == {0.0}


def test_restart_limit(hand: HandClock) -> None:
    rig = Rig(default(lambda: hand.now, "4.4"), hand)
    app(rig.fake)["restart_limit_reached"] = True
    rig.settle()

    assert rig.value(names.RESOURCE_RESTART_LIMIT, resource="web-1") == 0.0
    assert rig.value(names.RESOURCE_RESTART_LIMIT_REACHED, resource="web-1") == 1.0
    assert rig.value(names.RESOURCE_RESTART_LIMIT_REACHED, resource="web-2") == 0.0


def test_restart_limit_before_coolify_sent_it(rig: Rig) -> None:
    stopped: dict[str, object] = {"status": "exited:unhealthy", "restart_count": 10, "last_restart_type": "crash"}
    app(rig.fake).update(stopped)
    others: tuple[dict[str, object], ...] = (
        {"status": "running:healthy"},
        {"restart_count": 9},
        {"max_restart_count": 0},
        {"last_restart_type": None},  # stopped by somebody since
    )
    for record, other in zip(rig.fake.applications[1:], others, strict=False):
        record.update(stopped | other)
    del rig.fake.applications[5]["last_restart_type"]
    rig.settle()

    reached = {labels["resource"]: value for labels, value in rig.values(names.RESOURCE_RESTART_LIMIT_REACHED)}
    assert reached == {"web-1": 1.0, "web-2": 0.0, "admin": 0.0, "api-1": 0.0, "api-2": 0.0, "worker-2": 0.0}


def test_unknown_type(rig: Rig) -> None:
    rig.fake.traps.add("unknown_type")
    rig.settle()

    assert unparsed(rig)["statuses", "type"] > 0
    assert rig.value(names.SOURCE_SUCCESS, source="statuses") == 1.0
    assert len(rig.values(names.RESOURCE_INFO)) == 12
