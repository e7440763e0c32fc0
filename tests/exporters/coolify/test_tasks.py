"""Scheduled tasks and clean-ups: last run, result, and whether the next one is overdue."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import pytest
from support.coolify import NOON, HandClock, Rig

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fake.box import large
from boxwatch.exporters.coolify.fake.payloads import Record

HOUR = 3600.0


def _task(rig: Rig, frequency: str = "0 * * * *", *executions: Record, **more: object) -> Record:
    job = payloads.task("job", frequency, NOON, **more)
    job["_executions"] = list(executions)
    rig.fake.applications[0]["_tasks"].append(job)
    return job


def _overdue(rig: Rig) -> float | None:
    return rig.value(names.TASK_OVERDUE, resource="web-1")


def test_last_run_of_a_task(rig: Rig) -> None:
    _task(
        rig,
        "0 * * * *",
        payloads.execution(3, NOON - 60, "running"),
        payloads.execution(2, NOON - HOUR, "failed", took=7),
        payloads.execution(1, NOON - 2 * HOUR, took=5),
    )
    rig.settle().wait(120)

    assert rig.present(names.TASK_RESULT, "result") == "running"
    assert rig.value(names.TASK_STARTED) == NOON - 60
    assert rig.value(names.TASK_DURATION) is None
    assert rig.value(names.TASK_SUCCESS) == NOON - 2 * HOUR + 5
    assert rig.value(names.TASK_INTERVAL) == HOUR
    assert rig.value(names.TASK_INFO, name="job", resource="web-1", type="application") == 1.0
    assert "hunter2" not in rig.page()


def test_tasks_of_services_are_read_too(rig: Rig) -> None:
    job = payloads.task("index", "@daily", NOON)
    job["_executions"] = [payloads.execution(1, NOON - HOUR)]
    rig.fake.services[0]["_tasks"].append(job)
    rig.settle().wait(120)

    assert rig.present(names.TASK_RESULT, "result", type="service", resource="elasticsearch") == "success"


def test_a_run_that_is_missing_is_overdue_by_its_cron(rig: Rig) -> None:
    _task(rig, "0 * * * *", payloads.execution(1, NOON))
    rig.settle().wait(120)
    assert _overdue(rig) == 0.0
    rig.wait(3 * HOUR)

    # The runs at 13:00, 14:00 and 15:00 did not come; runs are read every quarter of an hour.
    assert 2 * HOUR - 900 < (_overdue(rig) or 0) < 2 * HOUR + 200


def test_a_task_that_runs_is_never_overdue(rig: Rig) -> None:
    job = _task(rig, "*/10 * * * *", payloads.execution(1, NOON))
    rig.settle()
    for number in range(20):
        rig.wait(600)
        job["_executions"].insert(0, payloads.execution(number + 2, rig.hand.now - rig.hand.now % 600))
        assert (_overdue(rig) or 0.0) <= 600


@pytest.mark.parametrize("reason", ["stopped", "disabled", "unreachable", "unknown cron", "unknown zone"])
def test_a_task_that_coolify_does_not_start_is_not_overdue(rig: Rig, reason: str) -> None:
    job = _task(rig, "0 * * * *", payloads.execution(1, NOON))
    match reason:
        case "stopped":
            rig.fake.applications[0]["status"] = "exited:unhealthy"
        case "disabled":
            job["enabled"] = False
        case "unreachable":
            rig.fake.servers[0]["settings"]["is_reachable"] = False
        case "unknown cron":
            job["frequency"] = "0 0 L * *"
        case _:
            rig.fake.servers[0]["settings"]["server_timezone"] = "Nowhere/Such"
    rig.settle().wait(5 * HOUR)

    assert _overdue(rig) is None


def test_a_task_of_an_application_that_was_started_again_has_time_until_its_next_run(rig: Rig) -> None:
    _task(rig, "0 * * * *", payloads.execution(1, NOON - 48 * HOUR))
    rig.fake.applications[0]["status"] = "exited:unhealthy"
    rig.settle().wait(1700)
    rig.fake.applications[0]["status"] = "running:healthy"
    rig.wait(1000)

    assert _overdue(rig) == 0.0


def test_a_task_that_never_ran_is_expected_from_its_creation_on(rig: Rig) -> None:
    _task(rig, "0 * * * *")
    rig.settle().wait(3 * HOUR)

    assert (_overdue(rig) or 0.0) > HOUR
    assert rig.values(names.TASK_RESULT) == []


def test_a_task_that_is_gone_disappears(rig: Rig) -> None:
    _task(rig, "0 * * * *", payloads.execution(1, NOON))
    rig.settle().wait(120)
    rig.fake.applications[0]["_tasks"].clear()
    rig.wait(1200)

    assert rig.values(names.TASK_INFO) == []
    assert rig.account.inventory.task_runs == {}


def test_of_an_endless_list_of_runs_the_first_are_read(rig: Rig) -> None:
    _task(rig, "* * * * *", *(payloads.execution(n, NOON - 60.0 * (20_000 - n)) for n in range(20_000, 0, -1)))
    rig.settle().wait(120)

    assert [len(runs.runs) for runs in rig.account.inventory.task_runs.values()] == [1]
    assert rig.value(names.TASK_STARTED) == NOON


def test_clean_ups_of_a_server(rig: Rig) -> None:
    rig.fake.servers[0]["_cleanups"] = [
        {"uuid": "c2", "status": "failed", "message": "x", "finished_at": None, "created_at": payloads.iso(NOON - 60)},
        {"uuid": "c1", "status": "success", "created_at": payloads.iso(NOON - 90000)},
    ]
    rig.settle().wait(60)
    assert rig.present(names.CLEANUP_RESULT, "result") == "failed"
    assert rig.value(names.CLEANUP_STARTED) == NOON - 60
    assert rig.value(names.CLEANUP_OVERDUE) == 0.0
    rig.wait(15 * HOUR)

    assert 2 * HOUR < (rig.value(names.CLEANUP_OVERDUE) or 0) < 4 * HOUR  # expected at midnight


def test_collectors_can_be_switched_off() -> None:
    hand = HandClock()
    fake = large(lambda: hand.now, 5, 1, tasks=True)
    rig = Rig(fake, hand, disabled=frozenset(names.OPTIONAL) | {"domains"})
    rig.settle().wait(300)

    asked = {target.split("?")[0].rsplit("/", 1)[-1] for target in fake.asked}
    assert not asked & {"scheduled-tasks", "executions", "backups", "services", "databases", "deployments"}
    assert len(rig.values(names.RESOURCE_STATE, state="running", type="application")) == 5
    assert rig.values(names.DOMAIN_INFO) == rig.values(names.TASK_INFO) == []
    assert rig.account.ready
