"""Backups: every database of a schedule, S3, and sizes compared with their own past."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.coolify import NOON, Rig

from boxwatch.exporters.coolify import backups, names
from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fake.payloads import Record
from boxwatch.exporters.coolify.fields import Fields

DAY = 86400.0


def _schedule(rig: Rig) -> Record:
    found: Record = rig.fake.databases[0]["backup_configs"][0]
    return found


def _runs(rig: Rig, *runs: Record, **schedule: object) -> None:
    """Give the first database these runs, newest first."""
    config = _schedule(rig)
    config.update(schedule, latest_log=runs[0], _runs=list(runs))


def _run(rig: Rig, number: int, ago: float, database: str = "shop", status: str = "success", **more: object) -> Record:
    return payloads.run(_schedule(rig), number, NOON - ago, status, database_name=database, **more)


def _of(rig: Rig, metric: names.Metric) -> dict[str, float]:
    return {labels["database"]: value for labels, value in rig.values(metric, resource="postgres")}


def test_each_database_of_a_schedule_has_its_own_last_run(rig: Rig) -> None:
    _runs(
        rig,
        _run(rig, 9, 100, "shop", size=70),
        _run(rig, 8, 200, "blog", "failed", size=0),
        _run(rig, 7, DAY, "shop"),
        _run(rig, 6, DAY, "blog", size=50),
        databases_to_backup="shop, blog",
    )
    rig.settle()

    assert rig.present(names.BACKUP_RESULT, "result", resource="postgres") == "failed"
    assert rig.value(names.BACKUP_SUCCESS, resource="postgres") == NOON - DAY
    assert rig.value(names.BACKUP_SIZE, resource="postgres") == 120
    assert rig.value(names.BACKUP_FINISHED, resource="postgres") == NOON - 100
    assert _of(rig, names.BACKUP_DATABASE_SUCCESS) == {"shop": NOON - 100, "blog": NOON - DAY}
    assert _of(rig, names.BACKUP_DATABASE_SIZE) == {"shop": 70, "blog": 50}


def test_a_database_that_the_schedule_no_longer_saves_is_left_out(rig: Rig) -> None:
    _runs(
        rig,
        _run(rig, 9, 100),
        _run(rig, 8, 40 * DAY, "old", "failed"),
        databases_to_backup="shop",
    )
    rig.settle()

    assert rig.present(names.BACKUP_RESULT, "result", resource="postgres") == "success"
    assert _of(rig, names.BACKUP_DATABASE_SUCCESS) == {"shop": NOON - 100}


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        ("shop,blog", {}, {"shop", "blog"}),
        ("shop:orders,users|blog", {}, {"shop", "blog"}),
        ("shop:orders,users", {}, {"shop"}),
        (None, {}, set()),
        ("shop", {"dump_all": True}, set()),
    ],
)
def test_databases_that_a_schedule_names(text: str | None, more: Record, expected: set[str]) -> None:
    database = payloads.database(3, "db", "postgresql", payloads.server(0, "box", NOON), 1, NOON)
    database["backup_configs"][0].update(databases_to_backup=text, **more)
    found = list(backups.read(Fields(database, pytest.fail), "standalone-postgresql"))

    assert found[0].databases == expected


@pytest.mark.parametrize(
    ("wanted", "stored", "uploaded"),
    [(True, True, 1.0), (True, False, 0.0), (True, None, 0.0), (False, None, None), (False, False, None)],
)
def test_s3_that_is_asked_for_and_not_stored(
    rig: Rig, *, wanted: bool, stored: bool | None, uploaded: float | None
) -> None:
    _runs(rig, _run(rig, 9, 100, s3_uploaded=stored), save_s3=wanted)
    rig.settle()

    assert rig.value(names.BACKUP_S3, resource="postgres") == float(wanted)
    assert rig.value(names.BACKUP_UPLOADED, resource="postgres") == uploaded


def test_a_version_without_the_field_says_nothing_of_s3(rig: Rig) -> None:
    run = _run(rig, 9, 100)
    del run["s3_uploaded"]
    _runs(rig, run)
    rig.settle()

    assert rig.value(names.BACKUP_UPLOADED, resource="postgres") is None


def test_a_size_is_compared_with_the_median_of_those_before(rig: Rig) -> None:
    sizes = (7, 100, 90, 0, 110)
    _runs(rig, *(_run(rig, 9 - place, place * DAY + 60, size=size) for place, size in enumerate(sizes)))
    rig.settle()

    assert (_of(rig, names.BACKUP_DATABASE_SIZE), _of(rig, names.BACKUP_DATABASE_MEDIAN)) == (
        {"shop": 7},
        {"shop": 100},
    )


def test_few_sizes_have_no_median(rig: Rig) -> None:
    _runs(rig, *(_run(rig, 9 - place, place * DAY + 60, size=50) for place in range(3)))
    rig.settle()

    assert _of(rig, names.BACKUP_DATABASE_MEDIAN) == {}


def test_a_new_run_is_read_at_once_and_an_old_one_once_an_hour(rig: Rig) -> None:
    _runs(rig, _run(rig, 9, 100))
    rig.settle()
    asked = len(rig.fake.asked)
    rig.wait(1000)
    assert not any(target.endswith("/backups") for target in rig.fake.asked[asked:])
    _runs(rig, _run(rig, 10, 50, status="failed"), _run(rig, 9, 100))
    rig.wait(240)

    assert rig.present(names.BACKUP_RESULT, "result", resource="postgres") == "failed"
    assert sum(target.endswith("/backups") for target in rig.fake.asked[asked:]) == 1


def test_records_of_years_are_read_in_little_memory(rig: Rig) -> None:
    many = [_run(rig, number, (5000 - number) * 3600.0, message="x" * 200) for number in range(5000, 0, -1)]
    _runs(rig, *many)
    rig.settle()
    kept = rig.account.inventory.runs[rig.fake.databases[0]["uuid"]][_schedule(rig)["uuid"]]

    assert len(json.dumps(many)) > 2_000_000
    assert len(kept) == 21


def test_a_list_of_runs_beyond_the_limit_is_cut_and_told(rig: Rig) -> None:
    rig.account.api.most = 10
    _runs(rig, *(_run(rig, number, 100.0 * (40 - number)) for number in range(40, 0, -1)))
    rig.settle()

    assert rig.value(names.UNPARSED, source="backups", field="over_limit") == 1.0
    assert _of(rig, names.BACKUP_DATABASE_SUCCESS) == {"shop": NOON}


RUNS = st.lists(
    st.builds(
        backups.Run,
        database=st.sampled_from(["a", "b", "c"]),
        result=st.sampled_from(names.BACKUP_RESULTS),
        created=st.integers(0, 10**6).map(float),
        finished=st.none() | st.integers(0, 10**6).map(float),
        size=st.none() | st.integers(0, 10**9),
        uploaded=st.none() | st.booleans(),
    ),
    unique_by=lambda run: run.created,
)


@given(runs=RUNS, named=st.frozensets(st.sampled_from(["a", "b", "d"])))
def test_runs_that_are_dropped_make_no_difference(runs: list[backups.Run], named: frozenset[str]) -> None:
    schedule = backups.Backup("b", True, 3600, None, None, None, None, True, named)  # noqa: FBT003 - a record

    assert schedule.with_runs(runs) == schedule.with_runs(backups.newest(runs))


@given(runs=RUNS, named=st.frozensets(st.sampled_from(["a", "b", "d"])))
def test_a_schedule_is_as_good_as_its_worst_database(runs: list[backups.Run], named: frozenset[str]) -> None:
    schedule = backups.Backup("b", True, 3600, None, None, None, None, True, named)  # noqa: FBT003 - a record
    found, saved = schedule.with_runs(runs)

    assert all(one.last.created == max(run.created for run in runs if run.database == one.database) for one in saved)
    assert (found.result == "failed") == any(one.last.result == "failed" for one in saved)
    assert (found.result == "success") == (bool(saved) and all(one.last.result == "success" for one in saved))
