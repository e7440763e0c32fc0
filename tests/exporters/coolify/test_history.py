"""Deployment counters: each counts once, in any order, across restarts too."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import rotation
from support.coolify import NOON, HandClock, Rig

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.deployments import Deployment
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.fake.coolify import FakeCoolify
from boxwatch.exporters.coolify.history import History


def _row(number: int, status: str = "finished", *, at: float = NOON, kind: str = "deployment") -> Deployment:
    return Deployment(number, "a", 12, status, kind, "box", at - 60, at, at if status == "finished" else None)


def _history(since: float | None = NOON) -> History:
    history = History()
    history.begin("a", since)
    return history


def test_what_ended_before_the_start_is_the_baseline() -> None:
    history = _history()
    history.read("a", [_row(1, at=NOON - 10), _row(2, at=NOON)], whole=True)

    assert history.total("a", "deployment", "finished") == 0
    assert history.logs["a"].last == _row(2, at=NOON)


def test_what_ended_between_start_and_first_reading_is_counted() -> None:
    history = _history()
    history.read("a", [_row(1, at=NOON - 10), _row(2, at=NOON + 1)], whole=True)

    assert history.total("a", "deployment", "finished") == 1


def test_without_a_start_nothing_of_the_first_reading_counts() -> None:
    history = _history(None)
    history.read("a", [_row(1, at=NOON + 10)], whole=True)

    assert history.total("a", "deployment", "finished") == 0
    assert not history.wants_more("a", [])


def test_the_same_page_again_counts_nothing() -> None:
    history = _history()
    for _ in range(3):
        history.read("a", [_row(2, at=NOON + 1), _row(1, at=NOON - 1)], whole=True)

    assert history.total("a", "deployment", "finished") == 1


def test_a_row_that_was_active_before_the_first_reading_is_counted() -> None:
    history = _history(None)
    history.watch([("a", _row(5, "in_progress"))])
    history.read("a", [_row(5)], whole=True)

    assert history.total("a", "deployment", "finished") == 1


def test_an_old_answer_does_not_bring_back_what_has_ended() -> None:
    history = _history()
    history.read("a", [_row(5, at=NOON + 1)], whole=True)
    history.watch([("a", _row(5, "in_progress", at=NOON + 1))])
    history.read("a", [_row(5, at=NOON + 1)], whole=True)

    assert history.total("a", "deployment", "finished") == 1


def test_a_remembered_row_that_is_gone_is_told_and_forgotten() -> None:
    history = _history()
    history.read("a", [_row(1, "queued")], whole=True)

    assert history.read("a", [_row(2, "queued")], whole=False) == 0
    assert history.read("a", [_row(2, "queued")], whole=True) == 1
    assert history.logs["a"].open == {2}


def test_older_pages_are_wanted_until_something_known() -> None:
    history = _history()
    assert not history.wants_more("a", [_row(9, at=NOON - 1)])
    assert history.wants_more("a", [_row(9, at=NOON + 1), _row(8, "queued")])

    history.read("a", [_row(9, at=NOON + 1), _row(4, "queued")], whole=True)
    assert not history.wants_more("a", [_row(11), _row(10), _row(4)])
    assert history.wants_more("a", [_row(11), _row(10)]), "4 is still open"
    history.read("a", [_row(9, at=NOON + 1), _row(4)], whole=True)
    assert history.wants_more("a", [_row(12), _row(11)])
    assert not history.wants_more("a", [_row(11), _row(10)])


def test_the_last_deployment_is_the_one_that_ended_last() -> None:
    history = _history()
    history.read(
        "a", [_row(2, at=NOON), _row(1, "failed", at=NOON + 30), _row(3, kind="restart", at=NOON + 90)], whole=True
    )

    assert history.logs["a"].last == _row(1, "failed", at=NOON + 30)


def test_applications_that_are_gone_are_forgotten() -> None:
    history = _history()
    history.begin("b", NOON)
    history.forget({"b"})

    assert list(history.logs) == ["b"]


def test_dump_and_load_go_on_where_they_were() -> None:
    history = _history()
    history.read("a", [_row(2, at=NOON + 1), _row(3, "queued")], whole=True)
    again = History()
    again.load(history.dump())
    again.begin("a", NOON + 1000)
    again.read("a", [_row(2, at=NOON + 1), _row(3, at=NOON + 2), _row(4, "failed", at=NOON + 2)], whole=True)

    assert again.total("a", "deployment", "finished") == 2
    assert again.total("a", "deployment", "failed") == 1


def test_the_last_deployment_is_kept_across_restarts_and_found_behind_previews() -> None:
    hand = HandClock()
    fake = default(lambda: hand.now)
    app = fake.applications[0]
    fake.end(fake.deploy(app), "failed")
    for number in range(12):
        fake.end(fake.deploy(app, pull_request_id=number + 1))
    rig = Rig(fake, hand).settle()

    assert rig.present(names.DEPLOYMENT_RESULT, "result", resource="web-1") == "failed"
    history = History()
    history.load(rig.account.inventory.history.dump())
    last = history.logs[app["uuid"]].last
    assert last is not None
    assert (last.id, last.result) == (fake.deployments[-13]["id"], "failed")


def test_an_unknown_status_is_not_polled_for() -> None:
    hand = HandClock()
    fake = default(lambda: hand.now)
    row = fake.deploy(fake.applications[0], "superseded")
    rig = Rig(fake, hand).settle()
    for _ in range(20):
        fake.end(fake.deploy(fake.applications[0]))
    rig.wait(700)
    asked = len(fake.asked)
    rig.wait(600)
    assert len(fake.asked) - asked < 120
    fake.end(row)
    rig.wait(700)

    assert rig.value(names.DEPLOYMENTS, resource="web-1", kind="deployment", result="finished") == 20.0
    assert sum("/deployments/applications/" in target for target in fake.asked[asked:]) < 40


def test_restored_totals_are_shown_once_the_history_has_been_read() -> None:
    hand = HandClock()
    fake = default(lambda: hand.now)
    rig = Rig(fake, hand).settle()
    hand.now += 1
    fake.end(fake.deploy(fake.applications[0]))
    stale = rig.account.inventory.history.dump()
    rig.wait(700)
    assert _count(rig)["finished"] == 1
    again = Rig(fake, hand)
    again.account.inventory.history.load(stale)
    again.wire.broken["/deployments/applications"] = Failure(names.SERVER_ERROR, "500", "broken on purpose")
    again.settle()
    assert again.values(names.DEPLOYMENTS) == []
    again.wire.broken.clear()
    again.wait(700)

    assert _count(again)["finished"] == 1


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        {},
        {"seen": "1", "open": [], "totals": {}},
        {"seen": True, "open": [], "totals": {}},
        {"seen": 1, "open": [], "totals": {"deployment/failed": True}},
        {"seen": 1, "open": [], "totals": {"deployment/failed": -1}},
    ],
    ids=str,
)
def test_nonsense_in_a_state_file_begins_anew(entry: object) -> None:
    history = History()
    history.load({"a": entry})

    assert history.logs == {}


def test_open_rows_are_bounded() -> None:
    history = _history()
    history.read("a", [_row(number, "queued") for number in range(2000)], whole=True)

    assert len(history.logs["a"].open) == 500


# Against the truth: deployments start and end at random while the exporter polls, restarts and misses things.

_STATUSES = {"finished": "finished", "failed": "failed", "cancelled-by-user": "cancelled"}


def _count(rig: Rig) -> dict[str, float]:
    return {
        result: sum(value for labels, value in rig.values(names.DEPLOYMENTS) if labels["result"] == result)
        for result in names.RESULTS
    }


def _live(fake: FakeCoolify, chance: random.Random, truth: dict[str, int]) -> None:
    """Half a minute of a busy instance."""
    active = [row for row in fake.deployments if row["status"] in ("queued", "in_progress")]
    for row in active:
        if chance.random() < 0.4:
            status = chance.choice(list(_STATUSES))
            fake.end(row, status, finished_at=chance.random() < 0.7)
            truth[_STATUSES[status]] += 1
        elif chance.random() < 0.5:
            row["status"] = "in_progress"
    for _ in range(chance.choice((0, 0, 1, 2))):
        row = fake.deploy(chance.choice(fake.applications[:3]))
        if chance.random() < 0.3:  # too short to be seen while active
            fake.end(row)
            truth["finished"] += 1


@rotation.examples(8)
@given(seed=st.integers(0, 10**6))
def test_totals_equal_what_happened(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's dice
    hand = HandClock()
    fake = default(lambda: hand.now)
    truth = dict.fromkeys(names.RESULTS, 0)
    for _ in range(5):
        _live(fake, chance, dict.fromkeys(names.RESULTS, 0))
    rig = Rig(fake, hand)
    rig.settle()
    before = _count(rig)
    hand.now += 1
    for _ in range(60):
        _live(fake, chance, truth)
        rig.wait(chance.choice((5, 30, 90)))
        now = _count(rig)
        assert all(now[result] >= before[result] for result in now), "totals only ever grow"
        assert all(now[result] <= truth[result] for result in now), "nothing is invented"
        before = now
    for row in fake.deployments:
        if row["status"] in ("queued", "in_progress"):
            fake.end(row)
            truth["finished"] += 1
    rig.wait(1300)

    assert _count(rig) == truth
    assert rig.values(names.UNPARSED) == []


def test_a_restart_without_state_file_begins_at_0_and_counts_nothing_twice() -> None:
    hand = HandClock()
    fake = default(lambda: hand.now)
    rig = Rig(fake, hand).settle()
    running = fake.deploy(fake.applications[0], "in_progress")
    rig.wait(60)
    fake.end(fake.deploy(fake.applications[0]))
    rig.wait(700)
    assert _count(rig)["finished"] == 1

    hand.now += 60
    again = Rig(fake, hand).settle()
    assert _count(again) == {"finished": 0, "failed": 0, "cancelled": 0}
    hand.now += 60
    fake.end(running, "failed")
    again.wait(60)
    assert _count(again) == {"finished": 0, "failed": 1, "cancelled": 0}


def test_a_clock_that_is_off_invents_nothing() -> None:
    hand = HandClock()
    fake = default(lambda: hand.now + 7200)  # Coolify's clock is two hours ahead
    fake.deploy(fake.applications[0], "finished", ago=600, took=60)
    rig = Rig(fake, hand).settle()
    assert _count(rig)["finished"] == 0
    fake.end(fake.deploy(fake.applications[0]))
    rig.wait(700)

    assert _count(rig)["finished"] == 1


def test_the_first_deployment_of_a_new_application_is_counted() -> None:
    hand = HandClock()
    fake = default(lambda: hand.now)
    rig = Rig(fake, hand).settle()
    rig.wait(100)
    app = fake.add_application("new", 1, created_at=payloads.iso(hand.now))
    hand.now += 10
    fake.end(fake.deploy(app))
    rig.wait(700)

    assert rig.value(names.DEPLOYMENTS, resource="new", kind="deployment", result="finished") == 1.0


def test_the_past_of_an_application_that_was_moved_here_is_not_counted() -> None:
    hand = HandClock()
    fake = default(lambda: hand.now)
    rig = Rig(fake, hand).settle()
    rig.wait(100)
    app = fake.add_application("moved", 1)
    fake.deploy(app, "finished", ago=50, took=10)
    rig.wait(700)

    assert rig.value(names.DEPLOYMENTS, resource="moved", kind="deployment", result="finished") == 0.0


def test_more_deployments_than_a_page_holds_are_all_counted() -> None:
    hand = HandClock()
    fake = default(lambda: hand.now)
    rig = Rig(fake, hand).settle()
    hand.now += 5
    for _ in range(75):
        fake.end(fake.deploy(fake.applications[0]))
    rig.wait(700)

    assert _count(rig)["finished"] == 75


def test_a_small_budget_reads_one_page_at_a_time_and_tells() -> None:
    hand = HandClock()
    fake = default(lambda: hand.now)
    rig = Rig(fake, hand, per_minute=12).settle()
    hand.now += 5
    for _ in range(40):
        fake.end(fake.deploy(fake.applications[0]))
    rig.wait(4000)

    assert _count(rig)["finished"] == 10
    assert rig.value(names.UNPARSED, source="history", field="too_many_deployments") == 1.0


def test_more_deployments_than_all_pages_hold_are_told() -> None:
    hand = HandClock()
    fake = default(lambda: hand.now)
    rig = Rig(fake, hand).settle()
    hand.now += 5
    for _ in range(300):
        fake.end(fake.deploy(fake.applications[0]))
    rig.wait(700)

    assert _count(rig)["finished"] == 210
    assert rig.value(names.UNPARSED, source="history", field="too_many_deployments") == 1.0
