"""One account: its requests and their timing; a failing source does not affect the others."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from support.coolify import HandClock, Rig

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fake.box import default, large
from boxwatch.exporters.coolify.fake.coolify import TOKEN
from boxwatch.exporters.coolify.secret import TokenFile

OTHER = "2|0123456789abcdefghij"


@pytest.fixture
def rig() -> Rig:
    hand = HandClock()
    return Rig(default(lambda: hand.now), hand)


def test_a_minute_of_the_default_box_takes_about_ten_requests(rig: Rig) -> None:
    rig.settle()
    rig.wait(60)
    before = len(rig.fake.asked)
    rig.wait(3600)

    assert 8 * 60 < len(rig.fake.asked) - before < 11 * 60


def test_the_first_page_is_complete_within_a_burst(rig: Rig) -> None:
    rig.settle()

    assert rig.account.ready
    assert len(rig.fake.asked) < 25
    assert len(rig.values(names.RESOURCE_INFO)) == 12
    assert len(rig.values(names.DEPLOYMENT_FINISHED)) == 7


@pytest.mark.repeats
@pytest.mark.parametrize("source", names.SOURCES)
@pytest.mark.parametrize("code", ["timeout", "500"])
def test_one_failing_source_hides_no_other(rig: Rig, source: str, code: str) -> None:
    paths = {
        "server_details": f"/servers/{rig.fake.servers[0]['uuid']}",
        "statuses": "/resources",
        "history": "/deployments/applications",
        "backups": "/backups",
        "tasks": "/scheduled-tasks",
        "task_runs": "/scheduled-tasks/",
        "cleanups": "/docker-cleanup",
    }
    job = payloads.task("job", "0 * * * *", rig.hand.now)
    rig.fake.applications[0]["_tasks"].append(job)
    reason = names.UNREACHABLE if code == "timeout" else names.SERVER_ERROR
    rig.settle()
    rig.wire.broken[paths.get(source, f"/v1/{source}")] = Failure(reason, code, "broken on purpose")
    rig.wait({"projects": 4000, "backups": 4000, "tasks": 8000, "cleanups": 2000}.get(source, 1500))
    broken = {labels["source"] for labels, value in rig.values(names.SOURCE_SUCCESS) if value == 0}

    assert source in broken
    assert broken <= {source, *_under(source)}
    assert rig.value(names.SOURCE_FAILURE_REASON, source=source, reason=reason) == 1.0
    assert len(rig.values(names.RESOURCE_INFO)) == 12
    assert rig.value(names.UP) == (0.0 if source == "version" else 1.0)


def _under(source: str) -> set[str]:
    """Sources that break together because their paths have a common prefix."""
    under = {
        "servers": {"statuses", "server_details", "cleanups"},
        "server_details": {"statuses", "cleanups"},
        "tasks": {"task_runs"},
        "applications": {"history", "tasks", "task_runs"},
        "services": {"tasks"},
        "deployments": {"history"},
        "databases": {"backups"},
    }
    return under.get(source, set())


@pytest.mark.parametrize("code", ["refused", "dns", "tls", "connect_timeout", "no_route"])
def test_while_nothing_can_be_reached_only_the_check_is_tried(rig: Rig, code: str) -> None:
    rig.settle()
    rig.wire.broken[""] = Failure(names.UNREACHABLE, code, "no way")
    rig.wait(600)

    assert (rig.value(names.UP), rig.present(names.DOWN_REASON, "reason")) == (0.0, names.UNREACHABLE)
    assert sum(value for _, value in rig.values(names.REQUESTS, code=code)) < 10
    assert {value for _, value in rig.values(names.SOURCE_SUCCESS)} == {0.0}

    rig.wire.broken.clear()
    rig.wait(150)
    assert rig.value(names.UP) == 1.0
    assert {value for _, value in rig.values(names.SOURCE_SUCCESS)} == {1.0}


def test_a_failing_source_is_shown_for_a_while_and_then_left_out(rig: Rig) -> None:
    rig.settle()
    rig.wire.broken["/servers"] = Failure(names.SERVER_ERROR, "500", "broken on purpose")
    rig.wait(200)
    assert rig.value(names.SERVER_REACHABLE) == 1.0
    rig.wait(300)

    assert rig.values(names.SERVER_REACHABLE) == []
    assert len(rig.values(names.RESOURCE_STATE, state="running")) == 12, "the lists still tell"


def test_resources_that_are_deleted_disappear_and_new_ones_appear_soon(rig: Rig) -> None:
    rig.settle()
    rig.fake.services.pop()
    rig.fake.add_service("vaultwarden", 1)
    rig.wait(70)

    shown = {labels["resource"] for labels, _ in rig.values(names.RESOURCE_INFO, type="service")}
    assert shown == {"elasticsearch", "minio", "vaultwarden"}


def test_servers_and_projects_that_are_deleted_disappear(rig: Rig) -> None:
    rig.fake.add_server("second")
    rig.fake.add_project("Old", "x")
    rig.settle()
    assert len(rig.values(names.SERVER_INFO)) == 2
    rig.fake.servers.pop()
    rig.fake.projects.pop()
    rig.wait(4000)

    assert len(rig.values(names.SERVER_INFO)) == 1
    assert {labels["source"] for labels, value in rig.values(names.SOURCE_SUCCESS) if value == 0} == set()
    assert len(rig.account.inventory.projects) == 1


def test_an_application_that_is_gone_before_the_list_says_so_is_no_failure(rig: Rig) -> None:
    rig.settle()
    uuid = rig.fake.applications[0]["uuid"]
    for task in rig.account.schedule.of("applications") + rig.account.schedule.of("statuses"):
        task.due += 1000
    rig.fake.applications.pop(0)
    rig.account.schedule.hurry("history", uuid)
    rig.wait(10)

    assert rig.value(names.SOURCE_SUCCESS, source="history") == 1.0
    assert rig.value(names.REQUESTS, endpoint="/deployments/applications/{uuid}", code="404") == 1.0
    assert rig.values(names.RESOURCE_INFO, uuid=uuid) == [], "the list was read again at once"


def test_a_server_that_is_gone_before_the_list_says_so_is_no_failure(rig: Rig) -> None:
    rig.fake.add_server("second")
    rig.settle()
    rig.account.schedule.tasks["servers", ""].due += 1000
    rig.fake.servers.pop()
    rig.wait(65)

    assert {value for _, value in rig.values(names.SOURCE_SUCCESS)} == {1.0}
    assert len(rig.values(names.SERVER_REACHABLE)) == 1


def test_an_endpoint_that_this_version_does_not_have_is_a_failure(rig: Rig) -> None:
    failure = Failure(names.REJECTED, "404", "Coolify rejects the request with 404")
    rig.wire.broken["/deployments/applications"] = failure
    rig.settle()

    assert rig.value(names.SOURCE_FAILURE_REASON, source="history", reason=names.REJECTED) == 1.0


def test_the_end_of_a_deployment_is_read_at_once(rig: Rig) -> None:
    rig.settle()
    row = rig.fake.deploy(rig.fake.applications[0])
    rig.wait(60)
    rig.fake.end(row)
    asked = len(rig.fake.asked)
    rig.wait(35)

    assert rig.value(names.DEPLOYMENTS, resource="web-1", kind="deployment", result="finished") == 1.0
    assert sum("/deployments/applications/" in target for target in rig.fake.asked[asked:]) <= 3


def test_a_new_token_in_the_file_is_tried_at_once(tmp_path: Path) -> None:
    hand = HandClock()
    path = tmp_path / "token"
    path.write_text(OTHER)
    rig = Rig(default(lambda: hand.now), hand, token=TokenFile(path))
    rig.settle()
    rig.wait(300)
    assert (rig.value(names.UP), rig.present(names.DOWN_REASON, "reason")) == (0.0, names.UNAUTHORISED)

    path.write_text(TOKEN)
    rig.wait(10)
    assert rig.value(names.UP) == 1.0
    path.unlink()
    rig.wait(60)
    assert (rig.value(names.UP), rig.present(names.DOWN_REASON, "reason")) == (0.0, names.NO_TOKEN)


def test_a_mistake_of_ours_in_one_source_is_survived(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rig.settle()

    def wrong(*_: object) -> None:
        message = f"quotes {TOKEN}"
        raise KeyError(message)

    monkeypatch.setattr("boxwatch.exporters.coolify.servers.read_detail", wrong)
    with caplog.at_level(logging.DEBUG):
        rig.wait(70)

    assert rig.value(names.INTERNAL_ERRORS) == 1.0
    assert rig.value(names.SOURCE_FAILURE_REASON, source="server_details", reason=names.BAD_PAYLOAD) == 1.0
    assert rig.value(names.SOURCE_SUCCESS, source="servers") == 1.0
    facts = [record.__dict__["facts"] for record in caplog.records if record.getMessage() == "internal error"]
    assert [fact["error"] for fact in facts] == ["KeyError"]
    assert "test_account.py" in facts[0]["at"]
    assert TOKEN not in caplog.text + repr(facts)


def test_a_failure_is_logged_once_and_its_end_too(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.settle()
    rig.wire.broken["/resources"] = Failure(names.SERVER_ERROR, "500", "broken on purpose")
    with caplog.at_level(logging.INFO):
        rig.wait(900)
        rig.wire.broken.clear()
        rig.wait(900)

    assert [record.getMessage() for record in caplog.records] == ["poll failed", "poll succeeds again"]


def test_a_list_that_is_too_long_is_cut_and_told(rig: Rig) -> None:
    rig.account.api.most = 5
    rig.settle()

    assert len(rig.values(names.RESOURCE_INFO, type="application")) == 5
    assert (rig.value(names.UNPARSED, source="applications", field="over_limit") or 0) >= 1.0


def test_a_list_of_which_nothing_can_be_understood_has_failed(rig: Rig) -> None:
    rig.settle()
    rig.wire.bodies["/services"] = b'[{"name": "no uuid"}, 5]'
    rig.wait(150)

    assert rig.value(names.SOURCE_FAILURE_REASON, source="services", reason=names.BAD_PAYLOAD) == 1.0
    assert len(rig.values(names.RESOURCE_INFO, type="service")) == 3, "what was known stays for a while"


def test_an_empty_instance_is_a_good_one() -> None:
    hand = HandClock()
    rig = Rig(large(lambda: hand.now, 0, 0), hand).settle()

    assert rig.value(names.UP) == 1.0
    assert {value for _, value in rig.values(names.SOURCE_SUCCESS)} == {1.0}
    assert {labels["source"] for labels, _ in rig.values(names.SOURCE_SUCCESS)} == {*names.SOURCES} - {
        "statuses",
        "server_details",
        "history",
        "backups",
        "tasks",
        "task_runs",
        "cleanups",
    }


def test_many_applications_stay_within_the_budget_and_are_all_read() -> None:
    hand = HandClock()
    rig = Rig(large(lambda: hand.now, 200, 5, rows=1), hand, per_minute=60)
    started = hand.now
    rig.settle()
    minutes = (hand.now - started) / 60

    assert len(rig.fake.asked) <= 60 * (minutes + 1)
    assert len(rig.values(names.DEPLOYMENT_FINISHED)) == 200
    assert (rig.value(names.HISTORY_OLDEST_READ) or 0) >= started


def test_while_others_use_up_the_limit_histories_wait(rig: Rig) -> None:
    rig.settle()
    rig.wait(15)
    rig.account.schedule.tasks["history", rig.fake.applications[0]["uuid"]].due = 0
    asked = len(rig.fake.asked)
    rig.account.api.rate_limiter.observe({"x-ratelimit-limit": "200", "x-ratelimit-remaining": "30"})
    rig.wait(20)

    assert not any("/deployments/applications" in target for target in rig.fake.asked[asked:])
