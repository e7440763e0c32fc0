"""Traps of Coolify's API in deployments. One test per trap, with its name."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import pytest
from support.coolify import HandClock, Rig
from support.traps import app, total, unparsed

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.fake.box import default

# Shapes.


def test_object_list(rig: Rig) -> None:
    rig.settle()
    for _ in range(3):
        rig.fake.deploy(app(rig.fake))
    rig.fake.traps.add("object_list")
    assert b'{"0":' in rig.fake.get("/api/v1/deployments", {"Authorization": f"Bearer {rig.fake.token}"}).body
    rig.wait(60)

    assert rig.value(names.DEPLOYMENTS_ACTIVE, coolify_server="localhost", status="queued") == 3.0
    assert rig.value(names.SOURCE_SUCCESS, source="deployments") == 1.0


@pytest.mark.parametrize(("status", "result"), [("cancelled-by-user", "cancelled"), ("failed", "failed")])
def test_null_finished_at(rig: Rig, status: str, result: str) -> None:
    row = rig.fake.deploy(app(rig.fake))
    rig.settle()
    rig.hand.now += 40
    rig.fake.end(row, status, finished_at=False)
    ended = rig.hand.now
    rig.wait(60)

    assert total(rig, result=result) == 1.0
    assert rig.present(names.DEPLOYMENT_RESULT, "result", resource="web-1") == result
    assert rig.value(names.DEPLOYMENT_FINISHED, resource="web-1") == int(ended)
    assert rig.value(names.DEPLOYMENT_DURATION, resource="web-1") == 40.0


def test_string_ids(rig: Rig) -> None:
    row = rig.fake.deploy(app(rig.fake), deployment_url=None)
    assert isinstance(row["application_id"], str)
    rig.settle()

    assert rig.value(names.DEPLOYMENT_CREATED, resource="web-1", status="queued") is not None
    assert unparsed(rig) == {}


def test_id_zero(rig: Rig) -> None:
    rig.fake.applications[0]["_id"] = 0
    rig.fake.projects[0]["environments"][0]["id"] = 0
    for record in (*rig.fake.applications, *rig.fake.services, *rig.fake.databases):
        record["environment_id"] = 0
    rig.fake.deploy(app(rig.fake), deployment_url=None)
    rig.settle()

    assert {labels["environment"] for labels, _ in rig.values(names.RESOURCE_INFO)} == {"production"}
    assert rig.value(names.DEPLOYMENT_CREATED, resource="web-1", status="queued") is not None
    assert rig.value(names.DEPLOYMENTS_ACTIVE, coolify_server="localhost", status="queued") == 1.0


def test_logs_of_megabytes(hand: HandClock) -> None:
    rig = Rig(default(lambda: hand.now, "4.1"), hand)
    for number in range(40):
        rig.fake.deploy(app(rig.fake), "finished", ago=4000 - 60 * number, took=30)
    rig.settle()
    url = f"/api/v1/deployments/applications/{app(rig.fake)['uuid']}?take=40"
    body = rig.fake.get(url, {"Authorization": f"Bearer {rig.fake.token}"}).body

    assert len(body) > 1_000_000
    assert rig.present(names.DEPLOYMENT_RESULT, "result", resource="web-1") == "finished"
    assert "step 1" not in rig.page()


def test_falling_count(rig: Rig) -> None:
    rig.settle()
    rig.fake.end(rig.fake.deploy(app(rig.fake)))
    rig.wait(700)
    assert total(rig) == 1.0

    rig.fake.deployments.clear()
    rig.wait(1400)

    assert total(rig) == 1.0
    assert rig.present(names.DEPLOYMENT_RESULT, "result", resource="web-1") == "finished", "the last one is remembered"


def test_deleted_application(rig: Rig) -> None:
    rig.settle()
    uuid = app(rig.fake)["uuid"]
    assert uuid in rig.page()
    rig.fake.applications.remove(app(rig.fake))
    rig.wait(700)

    assert uuid not in rig.page()
    assert rig.value(names.SOURCE_SUCCESS, source="history") == 1.0


def test_hidden_id(rig: Rig) -> None:
    rig.fake.traps.add("hidden_id")
    assert b'"id"' not in rig.fake.get("/api/v1/applications", {"Authorization": f"Bearer {rig.fake.token}"}).body[:200]
    rig.settle()
    row = rig.fake.deploy(app(rig.fake), "in_progress")
    rig.wait(60)
    assert rig.value(names.DEPLOYMENT_CREATED, resource="web-1", status="in_progress") is not None

    row["application_id"] = "999"
    rig.wait(60)
    assert rig.value(names.DEPLOYMENTS_ACTIVE, coolify_server="localhost", status="in_progress") == 1.0
    assert unparsed(rig)["deployments", "application"] > 0


def test_null_server_name(rig: Rig) -> None:
    rig.fake.traps.add("null_server_name")
    rig.fake.deploy(app(rig.fake))
    rig.settle()

    assert rig.value(names.DEPLOYMENTS_ACTIVE, coolify_server="", status="queued") == 1.0
    assert unparsed(rig) == {}


def test_no_started_at(rig: Rig) -> None:
    rig.settle()
    row = rig.fake.deploy(app(rig.fake))
    assert "started_at" not in row
    rig.wait(100)
    row["status"] = "in_progress"
    rig.wait(100)
    rig.fake.end(row)
    rig.wait(60)

    assert rig.value(names.DEPLOYMENT_DURATION, resource="web-1") == 200.0


def test_row_for_each_server(rig: Rig) -> None:
    other = rig.fake.add_server("second")
    rig.settle()
    rows = [rig.fake.deploy(app(rig.fake)), rig.fake.deploy(app(rig.fake), server_name=other["name"])]
    rig.wait(60)
    assert rig.value(names.DEPLOYMENTS_ACTIVE, coolify_server="localhost", status="queued") == 1.0
    assert rig.value(names.DEPLOYMENTS_ACTIVE, coolify_server="second", status="queued") == 1.0

    for row in rows:
        rig.fake.end(row)
    rig.wait(60)
    assert total(rig) == 2.0


def test_restarts_and_previews(rig: Rig) -> None:
    rig.settle()
    web = app(rig.fake)
    rig.fake.end(rig.fake.deploy(web, ago=40))
    rig.hand.now += 5
    rig.fake.end(rig.fake.deploy(web, rollback=True), "failed")
    rig.hand.now += 5
    rig.fake.end(rig.fake.deploy(web, restart_only=True))
    rig.fake.end(rig.fake.deploy(web, pull_request_id=7, restart_only=True))
    rig.wait(700)

    assert total(rig, "deployment") == 1.0
    assert total(rig, "rollback", "failed") == 1.0
    assert total(rig, "restart") == 1.0
    assert total(rig, "preview") == 1.0
    assert rig.present(names.DEPLOYMENT_RESULT, "result", resource="web-1") == "failed", "the rollback was the last"


def test_ends_out_of_order(rig: Rig) -> None:
    first = rig.fake.deploy(app(rig.fake), "in_progress")
    rig.settle()
    second = rig.fake.deploy(app(rig.fake))
    rig.wait(60)
    rig.fake.end(second, "cancelled-by-user")
    rig.wait(60)
    assert total(rig, result="cancelled") == 1.0
    rig.fake.end(first)
    rig.wait(60)

    assert (total(rig), total(rig, result="cancelled")) == (1.0, 1.0)


def test_new_deployment_status(rig: Rig) -> None:
    rig.fake.deploy(app(rig.fake))
    rig.fake.traps.add("new_deployment_status")
    rig.settle()

    assert {value for _, value in rig.values(names.DEPLOYMENTS)} == {0.0}
    assert unparsed(rig)["history", "status"] > 0
    assert "superseded" not in rig.page()
