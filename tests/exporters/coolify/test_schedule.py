"""The schedule: longest due first, urgent tasks before others, histories last, back-off after failures."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

from support.coolify import HandClock

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.schedule import Schedule


def _schedule(interval: float = 60) -> tuple[Schedule, HandClock]:
    hand = HandClock()
    return Schedule(hand.clock(), interval), hand


def _fail(reason: str = names.SERVER_ERROR, wait: float | None = None) -> Failure:
    return Failure(reason, "500", "it failed", wait=wait)


def test_what_is_due_longest_comes_first() -> None:
    schedule, hand = _schedule()
    schedule.add("servers")
    hand.now += 1
    schedule.add("version")

    assert schedule.next().source.name == "servers"
    assert schedule.next(only="version").source.name == "version"


def test_histories_come_last_unless_they_are_urgent() -> None:
    schedule, hand = _schedule()
    schedule.keep("history", ["a", "b"])
    hand.now += 10
    schedule.add("servers")
    assert schedule.next().source.name == "servers"

    schedule.hurry("history", "b")
    assert schedule.next().target in ("b", "")
    schedule.done(schedule.tasks["servers", ""], 0)
    assert schedule.next().target == "b"
    assert schedule.next(scarce=True).source.name == "servers"


def test_targets_come_and_go() -> None:
    schedule, _ = _schedule()
    schedule.add("projects")
    schedule.keep("projects", ["a", "b"])
    schedule.keep("projects", ["b", "c"])

    assert [task.target for task in schedule.of("projects")] == ["", "b", "c"]


def test_a_good_reading_comes_again_after_its_period() -> None:
    schedule, hand = _schedule()
    task = schedule.add("servers")
    schedule.done(task, 0.2)

    assert task.due - hand.clock().steady() == 60
    assert task.good_at == hand.now


def test_a_slow_source_is_asked_less_often() -> None:
    schedule, hand = _schedule()
    task = schedule.add("applications")
    schedule.done(task, 6)
    assert task.due - hand.clock().steady() == 300
    schedule.done(task, 600)
    assert task.due - hand.clock().steady() == 900


def test_failures_are_tried_again_ever_later_but_not_for_ever() -> None:
    schedule, hand = _schedule()
    task = schedule.add("servers")
    waits = []
    for _ in range(30):
        schedule.failed(task, _fail(), 0.1)
        waits.append(task.due - hand.clock().steady())

    assert waits[:7] == [30, 60, 120, 240, 480, 900, 900]
    assert waits[-1] == 900
    schedule.done(task, 0.1)
    assert (task.failures, task.failure) == (0, None)


def test_the_check_of_the_token_is_never_left_for_long() -> None:
    schedule, hand = _schedule()
    task = schedule.add("version")
    for _ in range(30):
        schedule.failed(task, _fail(), 0.1)

    assert task.due - hand.clock().steady() == 120


def test_a_wait_that_coolify_asks_for_is_kept_within_reason() -> None:
    schedule, hand = _schedule()
    task = schedule.add("servers")
    schedule.failed(task, _fail(wait=200), 0)
    assert task.due - hand.clock().steady() == 200
    schedule.failed(task, _fail(wait=10**9), 0)
    assert task.due - hand.clock().steady() == 900


def test_hurry_does_not_shorten_the_back_off_of_a_failing_task() -> None:
    schedule, _ = _schedule()
    task = schedule.add("servers")
    schedule.failed(task, _fail(), 0)
    due = task.due
    schedule.hurry("servers")
    schedule.hurry("unknown")

    assert (task.due, task.urgent) == (due, False)


def test_when_coolify_is_back_only_what_failed_for_that_reason_is_retried() -> None:
    schedule, hand = _schedule()
    schedule.failed(schedule.add("servers"), _fail(names.UNAUTHORISED), 0)
    schedule.failed(schedule.add("services"), _fail(), 0)
    schedule.retry()

    assert schedule.tasks["servers", ""].due == hand.clock().steady()
    assert schedule.tasks["services", ""].due > hand.clock().steady()


def test_more_servers_than_the_budget_carries_stretch_all_periods() -> None:
    schedule, hand = _schedule()
    schedule.keep("statuses", [f"s{number}" for number in range(90)])
    schedule.keep("history", [f"a{number}" for number in range(500)])
    schedule.plan(1.0)
    task = schedule.tasks["statuses", "s1"]
    schedule.done(task, 0)

    assert task.due - hand.clock().steady() == 120, "90 readings at three quarters of one a second"


def test_histories_spread_after_the_first_round() -> None:
    schedule, hand = _schedule()
    schedule.keep("history", ["a"])
    task = schedule.tasks["history", "a"]
    schedule.done(task, 0)
    assert task.due - hand.clock().steady() == 300
    schedule.done(task, 0)
    assert task.due - hand.clock().steady() == 600
