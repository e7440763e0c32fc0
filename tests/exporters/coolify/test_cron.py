"""Cron: the longest gap and the next run equal those found by trying every minute."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import rotation

from boxwatch.exporters.coolify import cron

DAY = 86400


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("* * * * *", 60),
        ("*/10 * * * *", 600),
        ("0 * * * *", 3600),
        ("5,20 * * * *", 2700),
        ("0 */6 * * *", 21600),
        ("0 8-18 * * *", 14 * 3600),
        ("0 3 * * *", DAY),
        ("30 2 */2 * *", 2 * DAY),
        ("0 3 * * 1-5", 3 * DAY),
        ("0 3 * * MON-FRI", 3 * DAY),
        ("0 3 * * 1", 7 * DAY),
        ("0 3 * * 0,7", 7 * DAY),
        ("0 3 1 * *", 31 * DAY),
        ("0 3 31 * *", 61 * DAY),
        ("0 3 1,15 * *", 17 * DAY),
        ("0 3 1 * 1", 7 * DAY),  # either
        ("0 3 1 1 *", 366 * DAY),
        ("0 3 1 jan,jul ?", 184 * DAY),
        ("0 0 29 2 *", 1461 * DAY),
        ("10/20 * * * *", 1200),
        ("every_minute", 60),
        ("daily", DAY),
        ("@hourly", 3600),
        ("@midnight", DAY),
    ],
)
def test_longest_gap(expression: str, seconds: int) -> None:
    assert cron.longest_gap(expression) == seconds


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "sometimes",
        "0 3 * *",
        "0 3 * * * *",
        "60 * * * *",
        "* 24 * * *",
        "0 0 31 2 *",
        "0 0 L * *",
        "*/0 * * * *",
        "5-1 * * * *",
        "0 0 * foo *",
        "*-5 * * * *",
    ],
)
def test_what_cannot_be_read_is_none(expression: str) -> None:
    assert cron.longest_gap(expression) is None
    assert cron.next_run(expression, 1787400000.0) is None


FIELD = st.sampled_from(["*", "*/2", "*/7"])


@rotation.examples(20)
@given(
    minute=st.sampled_from(["0", "*/15", "5,50", "59"]),
    hour=FIELD | st.sampled_from(["3", "1-5", "22,4"]),
    day=FIELD | st.sampled_from(["1", "10-20", "28"]),
    month=FIELD | st.sampled_from(["6", "feb-apr"]),
    weekday=FIELD | st.sampled_from(["1-5", "sun", "2,6"]),
    start=st.integers(1767225600, 1798761600),
)
def test_next_run_is_the_first_that_trying_every_day_finds(  # noqa: PLR0913, PLR0917 - the fields of cron
    minute: str, hour: str, day: str, month: str, weekday: str, start: int
) -> None:
    expression = f"{minute} {hour} {day} {month} {weekday}"
    parsed = cron.parse(expression)
    assert parsed is not None
    found = cron.next_run(expression, start)
    assert found is not None
    moment = datetime.fromtimestamp(start, UTC)
    for number in range(1600):
        place = (moment + timedelta(number)).date()
        if parsed.runs_on(place):
            runs = [
                datetime(place.year, place.month, place.day, minute // 60, minute % 60, tzinfo=UTC).timestamp()
                for minute in parsed.minutes
            ]
            later = [run for run in runs if run > start]
            if later:
                assert found == later[0]
                return
    pytest.fail("no run was found in four years")


def test_next_run_is_in_the_time_zone_of_the_server() -> None:
    noon = 1787400000.0  # 2026-08-22 12:00 UTC, 14:00 in Berlin

    assert cron.next_run("0 15 * * *", noon) == noon + 3 * 3600
    assert cron.next_run("0 15 * * *", noon, "Europe/Berlin") == noon + 3600
    assert cron.next_run("0 15 * * *", noon, "Nowhere/Such") is None
