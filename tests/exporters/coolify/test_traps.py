"""Every trap of Coolify's API: what the page shows when the fake shows it. One test a trap, by its name."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import inspect
import re
import sys
from urllib.parse import urlsplit

import pytest
from support.coolify import HandClock, Rig

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.fake.coolify import VERSIONS, FakeCoolify
from boxwatch.exporters.coolify.fake.traps import SECRETS, TRAPS


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def fake(hand: HandClock) -> FakeCoolify:
    return default(lambda: hand.now)


@pytest.fixture
def rig(fake: FakeCoolify, hand: HandClock) -> Rig:
    return Rig(fake, hand)


def _app(fake: FakeCoolify, name: str = "web-1") -> payloads.Record:
    return next(app for app in fake.applications if app["name"] == name)


def _states(rig: Rig) -> set[str]:
    return {labels["state"] for labels, value in rig.values(names.RESOURCE_STATE) if value == 1}


def _healths(rig: Rig) -> set[str]:
    return {labels["state"] for labels, value in rig.values(names.RESOURCE_HEALTH) if value == 1}


def _unparsed(rig: Rig) -> dict[tuple[str, str], float]:
    return {(labels["source"], labels["field"]): value for labels, value in rig.values(names.UNPARSED)}


def _total(rig: Rig, kind: str = "deployment", result: str = "finished", resource: str = "web-1") -> float | None:
    return rig.value(names.DEPLOYMENTS, resource=resource, kind=kind, result=result)


def test_every_trap_has_a_test_that_names_it() -> None:
    tests = {name for name, item in vars(sys.modules[__name__]).items() if inspect.isfunction(item)}

    assert {f"test_{name}" for name in TRAPS} <= tests


def test_every_trap_is_described_in_a_sentence() -> None:
    assert all(re.fullmatch(r".{10,}\.", trap.fact) for trap in TRAPS.values())


@pytest.mark.parametrize("version", VERSIONS)
def test_all_versions_give_the_whole_page(version: str, hand: HandClock) -> None:
    rig = Rig(default(lambda: hand.now, version), hand).settle()

    assert rig.present(names.VERSION_INFO, "version") == VERSIONS[version]
    assert [value for _, value in rig.values(names.SOURCE_SUCCESS)] == [1.0] * len(names.SOURCES)
    assert len(rig.values(names.RESOURCE_INFO)) == 12
    assert _unparsed(rig) == {}


# Why not.


def _down(rig: Rig, trap: str) -> tuple[float | None, str | None]:
    rig.fake.traps.add(trap)
    rig.settle()
    return rig.value(names.UP), rig.present(names.DOWN_REASON, "reason")


def test_api_disabled(rig: Rig) -> None:
    assert _down(rig, "api_disabled") == (0.0, names.API_DISABLED)


def test_address_not_allowed(rig: Rig) -> None:
    assert _down(rig, "address_not_allowed") == (0.0, names.FORBIDDEN)


def test_ability_missing(rig: Rig) -> None:
    assert _down(rig, "ability_missing") == (0.0, names.FORBIDDEN)


def test_role_too_low(rig: Rig) -> None:
    assert _down(rig, "role_too_low") == (0.0, names.FORBIDDEN)


def test_team_gone(rig: Rig) -> None:
    assert _down(rig, "team_gone") == (0.0, names.UNAUTHORISED)


def test_team_gone_400(rig: Rig) -> None:
    assert _down(rig, "team_gone_400") == (0.0, names.UNAUTHORISED)


def test_maintenance(rig: Rig) -> None:
    assert _down(rig, "maintenance") == (0.0, names.SERVER_ERROR)


def test_login_page(rig: Rig) -> None:
    assert _down(rig, "login_page") == (0.0, names.BAD_PAYLOAD)


def test_redirect(rig: Rig) -> None:
    assert _down(rig, "redirect") == (0.0, names.REDIRECTED)
    assert {urlsplit(target).path[:8] for target in rig.fake.asked} == {"/api/v1/"}


def test_token_expired(rig: Rig) -> None:
    rig.settle()
    expired = rig.hand.now
    rig.fake.traps.add("token_expired")
    rig.wait(120)

    assert (rig.value(names.UP), rig.present(names.DOWN_REASON, "reason")) == (0.0, names.UNAUTHORISED)
    # What was known is shown for a while, then it says nothing any more.
    assert rig.values(names.RESOURCE_STATE)
    rig.wait(400)
    assert not rig.values(names.RESOURCE_STATE)
    assert (rig.value(names.LAST_SUCCESS) or 0) <= expired + 60

    # A refused token is tried seldom, and everything is back soon after a new one is accepted.
    asked = len(rig.fake.asked)
    rig.wait(600)
    assert len(rig.fake.asked) - asked <= 6
    rig.fake.traps.clear()
    rig.wait(180)
    assert rig.value(names.UP) == 1.0
    assert len(rig.values(names.RESOURCE_INFO)) == 12


def test_health_proves_nothing(rig: Rig) -> None:
    rig.settle()

    assert rig.fake.get("/api/v1/health", {}).body == b"OK"
    assert not any("health" in target for target in rig.fake.asked[:-1])


def test_policy_denied(rig: Rig) -> None:
    rig.fake.traps.add("policy_denied")
    rig.settle()

    assert rig.value(names.UP) == 1.0
    assert rig.value(names.SOURCE_SUCCESS, source="databases") == 0.0
    assert rig.value(names.SOURCE_FAILURE_REASON, source="databases", reason=names.FORBIDDEN) == 1.0
    # The states still tell of the databases, without the project that only their list knows.
    assert {labels["project"] for labels, _ in rig.values(names.RESOURCE_INFO, type="database")} == {""}
    assert {labels["project"] for labels, _ in rig.values(names.RESOURCE_INFO, type="service")} == {"Shop"}


def test_html_error(rig: Rig) -> None:
    rig.fake.traps.add("html_error")
    rig.settle()

    assert rig.value(names.SOURCE_FAILURE_REASON, source="services", reason=names.SERVER_ERROR) == 1.0
    assert rig.value(names.REQUESTS, endpoint="/services", code="500") == 1.0
    assert len(rig.values(names.RESOURCE_INFO, type="application")) == 7


def test_post_only(rig: Rig) -> None:
    rig.fake.traps.add("post_only")
    rig.settle()

    assert rig.value(names.SOURCE_FAILURE_REASON, source="services", reason=names.REJECTED) == 1.0


def test_rate_limited(rig: Rig) -> None:
    rig.settle()
    rig.hand.now += 65
    rig.fake.traps.add("rate_limited")
    rig.wait(5)
    asked = len(rig.fake.asked)

    assert (rig.value(names.UP), rig.present(names.DOWN_REASON, "reason")) == (0.0, names.RATE_LIMITED)
    assert rig.value(names.RATE_LIMIT_REMAINING) == 0.0
    rig.wait(50)
    assert len(rig.fake.asked) == asked, "Retry-After has to be waited for"
    rig.wait(30)
    assert len(rig.fake.asked) > asked

    slow = rig.value(names.BUDGET) or 0
    rig.fake.traps.clear()
    rig.wait(300)
    assert rig.value(names.UP) == 1.0
    assert (rig.value(names.BUDGET) or 0) > slow, "the rate recovers"


def test_rate_limited_answers_html_to_those_who_do_not_ask_for_json(rig: Rig) -> None:
    rig.fake.traps.add("rate_limited")

    assert rig.fake.get("/api/v1/version", {}).headers["Content-Type"] == "text/html"
    assert rig.fake.get("/api/v1/version", {"Accept": "application/json"}).headers["Content-Type"] == "application/json"


# Shapes.


def test_object_list(rig: Rig) -> None:
    rig.settle()
    for _ in range(3):
        rig.fake.deploy(_app(rig.fake))
    rig.fake.traps.add("object_list")
    assert b'{"0":' in rig.fake.get("/api/v1/deployments", {"Authorization": f"Bearer {rig.fake.token}"}).body
    rig.wait(60)

    assert rig.value(names.DEPLOYMENTS_ACTIVE, coolify_server="localhost", status="queued") == 3.0
    assert rig.value(names.SOURCE_SUCCESS, source="deployments") == 1.0


@pytest.mark.parametrize(("status", "result"), [("cancelled-by-user", "cancelled"), ("failed", "failed")])
def test_null_finished_at(rig: Rig, status: str, result: str) -> None:
    row = rig.fake.deploy(_app(rig.fake))
    rig.settle()
    rig.hand.now += 40
    rig.fake.end(row, status, finished_at=False)
    ended = rig.hand.now
    rig.wait(60)

    assert _total(rig, result=result) == 1.0
    assert rig.present(names.DEPLOYMENT_RESULT, "result", resource="web-1") == result
    assert rig.value(names.DEPLOYMENT_FINISHED, resource="web-1") == int(ended)
    assert rig.value(names.DEPLOYMENT_DURATION, resource="web-1") == 40.0


def test_string_ids(rig: Rig) -> None:
    row = rig.fake.deploy(_app(rig.fake), deployment_url=None)
    assert isinstance(row["application_id"], str)
    rig.settle()

    assert rig.value(names.DEPLOYMENT_CREATED, resource="web-1", status="queued") is not None
    assert _unparsed(rig) == {}


def test_id_zero(rig: Rig) -> None:
    rig.fake.applications[0]["_id"] = 0
    rig.fake.projects[0]["environments"][0]["id"] = 0
    for record in (*rig.fake.applications, *rig.fake.services, *rig.fake.databases):
        record["environment_id"] = 0
    rig.fake.deploy(_app(rig.fake), deployment_url=None)
    rig.settle()

    assert {labels["environment"] for labels, _ in rig.values(names.RESOURCE_INFO)} == {"production"}
    assert rig.value(names.DEPLOYMENT_CREATED, resource="web-1", status="queued") is not None
    assert rig.value(names.DEPLOYMENTS_ACTIVE, coolify_server="localhost", status="queued") == 1.0


def test_naive_timestamps(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    _app(rig.fake)["last_online_at"] = "2026-08-22 10:02:33"
    rig.fake.servers[0]["sentinel_updated_at"] = "2026-08-22 10:02:33"
    rig.settle()

    assert rig.value(names.RESOURCE_LAST_ONLINE, resource="web-1") == 1787392953.0
    assert rig.value(names.SERVER_SENTINEL_PUSH) == 1787392953.0


def test_logs_of_megabytes(hand: HandClock) -> None:
    rig = Rig(default(lambda: hand.now, "4.1"), hand)
    for number in range(40):
        rig.fake.deploy(_app(rig.fake), "finished", ago=4000 - 60 * number, took=30)
    rig.settle()
    url = f"/api/v1/deployments/applications/{_app(rig.fake)['uuid']}?take=40"
    body = rig.fake.get(url, {"Authorization": f"Bearer {rig.fake.token}"}).body

    assert len(body) > 1_000_000
    assert rig.present(names.DEPLOYMENT_RESULT, "result", resource="web-1") == "finished"
    assert "step 1" not in rig.page()


def test_falling_count(rig: Rig) -> None:
    rig.settle()
    rig.fake.end(rig.fake.deploy(_app(rig.fake)))
    rig.wait(700)
    assert _total(rig) == 1.0

    rig.fake.deployments.clear()
    rig.wait(1400)

    assert _total(rig) == 1.0
    assert rig.present(names.DEPLOYMENT_RESULT, "result", resource="web-1") == "finished", "the last one is remembered"


def test_deleted_application(rig: Rig) -> None:
    rig.settle()
    uuid = _app(rig.fake)["uuid"]
    assert uuid in rig.page()
    rig.fake.applications.remove(_app(rig.fake))
    rig.wait(700)

    assert uuid not in rig.page()
    assert rig.value(names.SOURCE_SUCCESS, source="history") == 1.0


def test_hidden_id(rig: Rig) -> None:
    rig.fake.traps.add("hidden_id")
    assert b'"id"' not in rig.fake.get("/api/v1/applications", {"Authorization": f"Bearer {rig.fake.token}"}).body[:200]
    rig.settle()
    row = rig.fake.deploy(_app(rig.fake), "in_progress")
    rig.wait(60)
    assert rig.value(names.DEPLOYMENT_CREATED, resource="web-1", status="in_progress") is not None

    row["application_id"] = "999"
    rig.wait(60)
    assert rig.value(names.DEPLOYMENTS_ACTIVE, coolify_server="localhost", status="in_progress") == 1.0
    assert _unparsed(rig)["deployments", "application"] > 0


def test_null_server_name(rig: Rig) -> None:
    rig.fake.traps.add("null_server_name")
    rig.fake.deploy(_app(rig.fake))
    rig.settle()

    assert rig.value(names.DEPLOYMENTS_ACTIVE, coolify_server="", status="queued") == 1.0
    assert _unparsed(rig) == {}


def test_no_started_at(rig: Rig) -> None:
    rig.settle()
    row = rig.fake.deploy(_app(rig.fake))
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
    rows = [rig.fake.deploy(_app(rig.fake)), rig.fake.deploy(_app(rig.fake), server_name=other["name"])]
    rig.wait(60)
    assert rig.value(names.DEPLOYMENTS_ACTIVE, coolify_server="localhost", status="queued") == 1.0
    assert rig.value(names.DEPLOYMENTS_ACTIVE, coolify_server="second", status="queued") == 1.0

    for row in rows:
        rig.fake.end(row)
    rig.wait(60)
    assert _total(rig) == 2.0


def test_restarts_and_previews(rig: Rig) -> None:
    rig.settle()
    app = _app(rig.fake)
    rig.fake.end(rig.fake.deploy(app, ago=40))
    rig.hand.now += 5
    rig.fake.end(rig.fake.deploy(app, rollback=True), "failed")
    rig.hand.now += 5
    rig.fake.end(rig.fake.deploy(app, restart_only=True))
    rig.fake.end(rig.fake.deploy(app, pull_request_id=7, restart_only=True))
    rig.wait(700)

    assert _total(rig, "deployment") == 1.0
    assert _total(rig, "rollback", "failed") == 1.0
    assert _total(rig, "restart") == 1.0
    assert _total(rig, "preview") == 1.0
    assert rig.present(names.DEPLOYMENT_RESULT, "result", resource="web-1") == "failed", "the rollback was the last"


def test_ends_out_of_order(rig: Rig) -> None:
    first = rig.fake.deploy(_app(rig.fake), "in_progress")
    rig.settle()
    second = rig.fake.deploy(_app(rig.fake))
    rig.wait(60)
    rig.fake.end(second, "cancelled-by-user")
    rig.wait(60)
    assert _total(rig, result="cancelled") == 1.0
    rig.fake.end(first)
    rig.wait(60)

    assert (_total(rig), _total(rig, result="cancelled")) == (1.0, 1.0)


def test_v_prefix(rig: Rig) -> None:
    rig.fake.traps.add("v_prefix")
    rig.settle()

    assert rig.present(names.VERSION_INFO, "version") == "4.3.11"


def test_bare_status(rig: Rig) -> None:
    rig.fake.traps.add("bare_status")
    rig.settle()

    assert (_states(rig), _healths(rig)) == ({"exited"}, {"unknown"})


def test_legacy_status(rig: Rig) -> None:
    rig.fake.traps.add("legacy_status")
    rig.settle()

    assert (_states(rig), _healths(rig)) == ({"running"}, {"healthy"})


def test_excluded_status(rig: Rig) -> None:
    rig.fake.traps.add("excluded_status")
    rig.settle()

    assert {value for _, value in rig.values(names.RESOURCE_EXCLUDED)} == {1.0}
    assert (_states(rig), _healths(rig)) == ({"running"}, {"healthy"})


def test_degraded_excluded(rig: Rig) -> None:
    rig.fake.traps.add("degraded_excluded")
    rig.settle()

    assert {value for _, value in rig.values(names.RESOURCE_EXCLUDED)} == {1.0}
    assert (_states(rig), _healths(rig)) == ({"degraded"}, {"unknown"})
    assert _unparsed(rig) == {}


def test_docker_status(rig: Rig) -> None:
    rig.fake.traps.add("docker_status")
    rig.settle()

    assert (_states(rig), _healths(rig)) == ({"degraded"}, {"unhealthy"})


def test_new_status(rig: Rig) -> None:
    rig.fake.traps.add("new_status")
    rig.settle()

    assert (_states(rig), _healths(rig)) == ({"unknown"}, {"unknown"})
    assert _unparsed(rig)["applications", "status"] == 7.0
    assert "hibernating" not in rig.page()


def test_no_health_check(rig: Rig) -> None:
    rig.fake.traps.add("no_health_check")
    rig.settle()

    assert (_states(rig), _healths(rig)) == ({"running"}, {"unknown"})
    assert _unparsed(rig) == {}


def test_new_deployment_status(rig: Rig) -> None:
    rig.fake.deploy(_app(rig.fake))
    rig.fake.traps.add("new_deployment_status")
    rig.settle()

    assert {value for _, value in rig.values(names.DEPLOYMENTS)} == {0.0}
    assert _unparsed(rig)["history", "status"] > 0
    assert "superseded" not in rig.page()


def test_parts_missing(rig: Rig) -> None:
    rig.settle()
    assert rig.present(names.PART_STATE, "state", part="minio") == "running"
    rig.fake.traps.add("parts_missing")
    rig.wait(150)

    assert rig.values(names.PART_STATE) == []
    assert rig.present(names.RESOURCE_STATE, "state", resource="minio") == "running", "the newer states decide"
    assert _unparsed(rig) == {}


def test_strangers_backup(rig: Rig) -> None:
    rig.fake.traps.add("strangers_backup")
    rig.settle()

    assert {labels["backup"] for labels, _ in rig.values(names.BACKUP_ENABLED)} == {
        payloads.uuid("postgresbackup"),
        payloads.uuid("redisbackup"),
    }


def test_backup_never_ran(rig: Rig) -> None:
    rig.fake.traps.add("backup_never_ran")
    rig.settle()

    assert len(rig.values(names.BACKUP_ENABLED)) == 2
    assert rig.values(names.BACKUP_RESULT) == []
    assert rig.values(names.BACKUP_SUCCESS) == []


def test_sqlite_booleans(rig: Rig) -> None:
    rig.fake.traps.add("sqlite_booleans")
    rig.settle()

    assert rig.value(names.SERVER_REACHABLE) == 1.0
    assert _unparsed(rig) == {}


def test_key_order(rig: Rig, hand: HandClock) -> None:
    plain = Rig(default(lambda: hand.now), hand).settle().page()
    rig.fake.traps.add("key_order")

    assert rig.settle().page() == plain


def test_more_servers(rig: Rig) -> None:
    other = rig.fake.add_server("second")
    _app(rig.fake)["additional_servers"] = [other]
    rig.settle()

    assert rig.value(names.RESOURCE_INFO, resource="web-1", coolify_server="localhost") == 1.0
    assert len(rig.values(names.RESOURCE_INFO, resource="web-1")) == 1


def test_same_slug(rig: Rig) -> None:
    rig.fake.add_application("Web 1!", 1, uuid="twin")
    rig.settle()

    assert {labels["uuid"] for labels, _ in rig.values(names.RESOURCE_INFO, resource="web-1")} == {
        "twin",
        _app(rig.fake)["uuid"],
    }


def test_settings_only(rig: Rig) -> None:
    rig.fake.servers[0]["settings"].update(is_reachable=False, is_usable=False)
    rig.settle()

    detail = rig.fake.get(
        f"/api/v1/servers/{rig.fake.servers[0]['uuid']}", {"Authorization": f"Bearer {rig.fake.token}"}
    )
    assert b'"is_reachable": false' in detail.body.split(b'"settings"')[1]
    assert (rig.value(names.SERVER_REACHABLE), rig.value(names.SERVER_USABLE)) == (0.0, 0.0)


def test_settings_only_in_the_list_too(rig: Rig) -> None:
    server = rig.fake.servers[0]
    rig.wire.bodies["/api/v1/servers"] = b""
    body = b'[{"uuid": "%s", "name": "x", "settings": {"is_reachable": false, "is_usable": true}}]'
    rig.wire.bodies = {"/api/v1/servers": body % server["uuid"].encode()}
    rig.settle()

    assert (rig.value(names.SERVER_REACHABLE), rig.value(names.SERVER_USABLE)) == (0.0, 1.0)


def test_large_proxy_yaml(rig: Rig) -> None:
    rig.fake.servers[0]["proxy"]["last_saved_proxy_configuration"] = "labels: secret-rule\n" * 100_000
    rig.settle()

    assert rig.present(names.SERVER_PROXY_STATE, "state") == "running"
    assert "secret-rule" not in rig.page()


def test_sensitive_token(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.fake.traps.add("sensitive_token")
    rig.fake.deploy(_app(rig.fake))
    rig.settle()

    assert SECRETS[0] in rig.fake.get("/api/v1/databases", {"Authorization": f"Bearer {rig.fake.token}"}).body.decode()
    assert len(rig.values(names.RESOURCE_INFO)) == 12
    assert not any(secret in rig.page() + caplog.text + repr(vars(rig.exporter.state)) for secret in SECRETS)


def test_everything_exited(rig: Rig) -> None:
    rig.settle()
    assert {value for _, value in rig.values(names.RESOURCE_SERVER_REACHABLE)} == {1.0}
    rig.fake.servers[0]["settings"]["is_reachable"] = False
    for record in (*rig.fake.applications, *rig.fake.services, *rig.fake.databases):
        record["status"] = "exited"
    rig.wait(120)

    assert _states(rig) == {"exited"}
    assert {value for _, value in rig.values(names.RESOURCE_SERVER_REACHABLE)} == {0.0}


def test_restart_limit(hand: HandClock) -> None:
    rig = Rig(default(lambda: hand.now, "4.4"), hand)
    _app(rig.fake)["restart_limit_reached"] = True
    rig.settle()

    assert rig.value(names.RESOURCE_RESTART_LIMIT, resource="web-1") == 0.0
    assert rig.value(names.RESOURCE_RESTART_LIMIT_REACHED, resource="web-1") == 1.0
    assert rig.value(names.RESOURCE_RESTART_LIMIT_REACHED, resource="web-2") == 0.0
    assert not Rig(default(lambda: hand.now), hand).settle().values(names.RESOURCE_RESTART_LIMIT_REACHED)


def test_new_environment(rig: Rig) -> None:
    rig.settle()
    asked = len(rig.fake.asked)
    environment = rig.fake.add_project("Blog", "preview")
    rig.fake.add_application("blog", environment)
    rig.wait(180)

    assert rig.value(names.RESOURCE_INFO, resource="blog", project="Blog", environment="preview") == 1.0
    assert 0 < sum("/projects" in target for target in rig.fake.asked[asked:]) < 6, "asked once, not at each reading"


def test_coolify_itself(rig: Rig) -> None:
    rig.settle()

    assert "coolify-db" not in rig.page()


def test_unknown_type(rig: Rig) -> None:
    rig.fake.traps.add("unknown_type")
    rig.settle()

    assert _unparsed(rig)["statuses", "type"] > 0
    assert rig.value(names.SOURCE_SUCCESS, source="statuses") == 1.0
    assert len(rig.values(names.RESOURCE_INFO)) == 12
