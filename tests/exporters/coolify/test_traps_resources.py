"""Traps of Coolify's API in servers, resources and backups. One test per trap, with its name."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import pytest
from support.coolify import HandClock, Rig
from support.traps import app, unparsed

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.fake.traps import SECRETS


def test_naive_timestamps(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    app(rig.fake)["last_online_at"] = "2026-08-22 10:02:33"
    rig.fake.servers[0]["sentinel_updated_at"] = "2026-08-22 10:02:33"
    rig.settle()

    assert rig.value(names.RESOURCE_LAST_ONLINE, resource="web-1") == 1787392953.0
    assert rig.value(names.SERVER_SENTINEL_PUSH) == 1787392953.0


def test_v_prefix(rig: Rig) -> None:
    rig.fake.traps.add("v_prefix")
    rig.settle()

    assert rig.present(names.VERSION_INFO, "version") == "4.3.11"


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


def test_backup_runs_missing(rig: Rig) -> None:
    rig.fake.traps.add("backup_runs_missing")
    rig.settle()

    assert rig.present(names.BACKUP_RESULT, "result", resource="postgres") == "success"
    assert rig.value(names.BACKUP_SUCCESS, resource="postgres") is not None
    assert rig.values(names.BACKUP_DATABASE_SUCCESS) == []


def test_older_version(rig: Rig) -> None:
    job = payloads.task("job", "0 * * * *", rig.hand.now)
    rig.fake.applications[0]["_tasks"].append(job)
    rig.fake.traps.add("older_version")
    rig.settle().wait(8000)

    assert {value for _, value in rig.values(names.SOURCE_SUCCESS)} == {1.0}
    asked = [target for target in rig.fake.asked if target.endswith(("/backups", "/scheduled-tasks", "/executions"))]
    assert len(asked) <= 4, "asked once, not for each resource"
    rig.fake.traps.clear()
    rig.fake.version = "4.4"
    rig.wait(8000)
    assert rig.value(names.TASK_INFO, name="job") == 1.0, "found after the update"


def test_sqlite_booleans(rig: Rig) -> None:
    rig.fake.traps.add("sqlite_booleans")
    rig.settle()

    assert rig.value(names.SERVER_REACHABLE) == 1.0
    assert unparsed(rig) == {}


def test_key_order(rig: Rig, hand: HandClock) -> None:
    plain = Rig(default(lambda: hand.now), hand).settle().page()
    rig.fake.traps.add("key_order")

    assert rig.settle().page() == plain


def test_more_servers(rig: Rig) -> None:
    other = rig.fake.add_server("second")
    app(rig.fake)["additional_servers"] = [other]
    rig.settle()

    assert rig.value(names.RESOURCE_INFO, resource="web-1", coolify_server="localhost") == 1.0
    assert len(rig.values(names.RESOURCE_INFO, resource="web-1")) == 1


def test_same_slug(rig: Rig) -> None:
    rig.fake.add_application("Web 1!", 1, uuid="twin")
    rig.settle()

    assert {labels["uuid"] for labels, _ in rig.values(names.RESOURCE_INFO, resource="web-1")} == {
        "twin",
        app(rig.fake)["uuid"],
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
    rig.fake.deploy(app(rig.fake))
    rig.settle()

    assert SECRETS[0] in rig.fake.get("/api/v1/databases", {"Authorization": f"Bearer {rig.fake.token}"}).body.decode()
    assert len(rig.values(names.RESOURCE_INFO)) == 12
    assert not any(secret in rig.page() + caplog.text + repr(vars(rig.exporter.snapshots)) for secret in SECRETS)


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
