"""Cases of an alert side by side in one test."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.artefacts import complete_alerts

from boxwatch.rules.model import Alert, Case, Expected, Series
from boxwatch.rules.proofs.batching import Pack, packs, side_by_side

_ALERT = next(alert for alert in complete_alerts() if alert.alert == "ServerMemoryPlanExceeded")
_FIRES = Case("fires", (Series('x{server="main"}', "1x9"),), 300, (Expected({"server": "main"}, "It is main's."),))
_SILENT = Case("is silent", (Series('x{server="main"}', "0x4"), Series('y{server="second"}', "stale")), 120)


def _alert(*silent: Case, fires: Case = _FIRES, expr: str = "x > 0") -> Alert:
    return replace(_ALERT, expr=expr, wait=0, fires=(fires,), silent=silent or (_SILENT,))


def test_each_case_has_servers_of_its_own_and_all_are_due_at_once() -> None:
    """The one that is due earlier begins later, by as many samples."""
    (pack,) = packs((_alert(),))

    assert pack.case.at == 300
    assert pack.title == "case1 fires; case2 is silent"
    assert pack.case.series == (
        Series('x{server="case1-main"}', "1x9"),
        Series('x{server="case2-main"}', "_x3 0x4"),
        Series('y{server="case2-second"}', "_x3 stale"),
    )


def test_what_must_fire_names_the_server_of_its_case() -> None:
    """In its labels and in its text."""
    (pack,) = packs((_alert(),))

    assert [one for _, one in pack.expects] == [Expected({"server": "case1-main"}, "It is case1-main's.")]


def test_alerts_of_one_name_share_a_test_and_a_title_counts_once() -> None:
    """Promtool compares all that fire under a name."""
    page = _alert()
    ticket = replace(page, severity="info", fires=(replace(_FIRES, title="is a ticket"),))
    (pack,) = packs((page, ticket))

    assert pack.title == "case1 fires; case2 is silent; case3 is a ticket"
    assert [alert.severity for alert, _ in pack.expects] == [page.severity, "info"]


def test_a_case_that_waits_is_looked_at_one_sample_before_it_can_fire() -> None:
    """Made for every alert that waits, of its first case."""
    (pack,) = packs((replace(_alert(), wait=300),))

    assert "case3 is silent before it has lasted for 5m, as warning" in pack.title
    assert Series('x{server="case3-main"}', "_x1 1x9") in pack.case.series


@pytest.mark.parametrize(
    ("alert", "apart"),
    [
        (_alert(replace(_SILENT, throughout=True)), ["fires", "is silent"]),
        (_alert(replace(_SILENT, apart=True)), ["fires", "is silent"]),
        (_alert(replace(_SILENT, series=(Series("up", "1"),))), ["fires", "is silent"]),
        (_alert(fires=replace(_FIRES, expects=(Expected({}, "x"),))), ["fires", "is silent"]),
        (_alert(replace(_SILENT, interval=30)), ["fires", "is silent"]),
        (_alert(expr="time() - x > 0"), ["fires", "is silent"]),
        (_alert(expr="max_over_time(x[7d:1h]) > 0"), ["fires", "is silent"]),
    ],
    ids=[
        "throughout",
        "apart",
        "no server in the input",
        "no server in the alert",
        "another spacing",
        "time of day, due apart",
        "full hours, due apart",
    ],
)
def test_what_cannot_stand_beside_another_is_alone(alert: Alert, apart: list[str]) -> None:
    """As the case was written."""
    found: tuple[Pack, ...] = tuple(packs((alert,)))

    assert sorted(pack.title for pack in found) == apart
    assert {one.series for pack in found for one in pack.case.series} >= {'x{server="main"}'}


def test_cases_by_the_time_of_day_that_are_due_at_once_share_a_test() -> None:
    """Nothing has to be moved."""
    (pack,) = packs((_alert(replace(_SILENT, at=300), expr="time() - x > 0"),))

    assert [one.values for one in pack.case.series] == ["1x9", "0x4", "stale"]


def test_days_without_fault_stand_side_by_side_and_are_watched_throughout() -> None:
    """Only if all of them are."""
    day = replace(_SILENT, throughout=True)

    assert side_by_side((day, day)).throughout
    assert not side_by_side((day, _SILENT)).throughout


def test_a_test_holds_no_more_than_promtool_can_look_at() -> None:
    """It refuses a query of more than 10,000 samples."""
    many = tuple(Series(f'x{{a="{number}",server="main"}}', "1x9") for number in range(11998))
    found = list(packs((_alert(replace(_SILENT, series=many, title="is large"), _SILENT),)))

    assert [pack.title for pack in found] == ["case1 fires; case2 is large", "is silent"]
