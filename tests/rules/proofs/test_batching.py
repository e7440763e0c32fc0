"""Batching: cases of an alert side by side in one test."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.artefacts import complete_alerts

from boxwatch.rules.model import Alert, Case, Expected, Series
from boxwatch.rules.proofs.batching import Batch, batches, side_by_side

_ALERT = next(alert for alert in complete_alerts() if alert.alert == "ServerMemoryPlanExceeded")
_FIRES = Case("fires", (Series('x{server="main"}', "1x9"),), 300, (Expected({"server": "main"}, "It is main's."),))
_SILENT = Case("is silent", (Series('x{server="main"}', "0x4"), Series('y{server="second"}', "stale")), 120)


def _alert(*silent: Case, fires: Case = _FIRES, expr: str = "x > 0") -> Alert:
    return replace(_ALERT, expr=expr, wait=0, fires=(fires,), silent=silent or (_SILENT,))


def test_each_case_has_servers_of_its_own_and_all_are_due_at_once() -> None:
    """A case that is due earlier begins later, by as many samples."""
    (batch,) = batches((_alert(),))

    assert batch.case.at == 300
    assert batch.title == "case1 fires; case2 is silent"
    assert batch.case.series == (
        Series('x{server="case1-main"}', "1x9"),
        Series('x{server="case2-main"}', "_x3 0x4"),
        Series('y{server="case2-second"}', "_x3 stale"),
    )


def test_expected_alerts_name_the_server_of_their_case() -> None:
    """Labels and description of an expected alert name the renamed server."""
    (batch,) = batches((_alert(),))

    assert [one for _, one in batch.expects] == [Expected({"server": "case1-main"}, "It is case1-main's.")]


def test_alerts_of_one_name_share_a_test_and_a_title_counts_once() -> None:
    """Promtool compares all firing alerts of a name, so critical alert and warning are batched together."""
    page = _alert()
    ticket = replace(page, severity="info", fires=(replace(_FIRES, title="is a ticket"),))
    (batch,) = batches((page, ticket))

    assert batch.title == "case1 fires; case2 is silent; case3 is a ticket"
    assert [alert.severity for alert, _ in batch.expects] == [page.severity, "info"]


def test_an_alert_that_waits_is_also_evaluated_one_sample_before_it_can_fire() -> None:
    """The additional case is derived from the first one that fires."""
    (batch,) = batches((replace(_alert(), wait=300),))

    assert "case3 stays silent until it has lasted for 5m, as warning" in batch.title
    assert Series('x{server="case3-main"}', "_x1 1x9") in batch.case.series


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
        "another sample interval",
        "time of day, due apart",
        "full hours, due apart",
    ],
)
def test_cases_that_cannot_be_batched_stay_alone(alert: Alert, apart: list[str]) -> None:
    """A case that is not batched keeps its title and its series."""
    found: tuple[Batch, ...] = tuple(batches((alert,)))

    assert sorted(batch.title for batch in found) == apart
    assert {one.series for batch in found for one in batch.case.series} >= {'x{server="main"}'}


def test_cases_by_the_time_of_day_that_are_due_at_once_share_a_test() -> None:
    """Cases that are due at the same time share a test, because none has to be shifted."""
    (batch,) = batches((_alert(replace(_SILENT, at=300), expr="time() - x > 0"),))

    assert [one.values for one in batch.case.series] == ["1x9", "0x4", "stale"]


def test_healthy_days_are_batched_and_silent_throughout() -> None:
    """A batch must be silent throughout only if all of its cases must."""
    day = replace(_SILENT, throughout=True)

    assert side_by_side((day, day)).throughout
    assert not side_by_side((day, _SILENT)).throughout


def test_a_batch_is_small_enough_for_promtool() -> None:
    """Promtool refuses a query of more than 10,000 samples."""
    many = tuple(Series(f'x{{a="{number}",server="main"}}', "1x9") for number in range(11998))
    found = list(batches((_alert(replace(_SILENT, series=many, title="is large"), _SILENT),)))

    assert [batch.title for batch in found] == ["case1 fires; case2 is large", "is silent"]
