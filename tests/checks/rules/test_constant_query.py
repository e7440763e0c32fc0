"""Queries that never return anything, or always do."""

from __future__ import annotations

import pytest
from support.rule_text import alert, found, found_in_others, rules

from boxwatch.checks.rules import constant_query

BUCKETS = "rate(traefik_service_request_duration_seconds_bucket[5m])"
LIMIT = "container_spec_memory_limit_bytes"
USED = "container_memory_working_set_bytes"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("count(up == 1) == 0", "== is never true: the left side is at least 1"),
        ("count by (job) (up) < 1", "< is never true: the left side is at least 1"),
        ("0 == count(up)", "== is never true: the left side is 0"),
        ("absent(up) == 0", "== is never true: the left side is 1"),
        ("up > 1", "> is never true: the left side is between 0 and 1"),
        ("rate(any_total[5m]) < 0", "< is never true: the left side is at least 0"),
        ("sum(rate(any_total[5m])) * 60 <= -1", "<= is never true: the left side is at least 0"),
        ("clamp_max(any, 5) > 5", "> is never true: the left side is at most 5"),
        ("hour() > 23", "> is never true: the left side is between 0 and 23"),
        ("sum(increase(any_total[5m])) / sum(increase(other_total[5m])) < 0", "< is never true: the left side"),
        ("(count_over_time(any[5m]) == 0) and up == 1", "== is never true: the left side is at least 1"),
    ],
)
def test_a_comparison_that_never_holds_is_an_error(query: str, said: str) -> None:
    """The alert never fires."""
    (finding,) = found_in_others(constant_query, alert(query))

    assert finding.startswith(f"error: {said}")


def test_in_a_part_that_may_be_missing_it_is_a_warning() -> None:
    """The other side of the `or` still works."""
    (finding,) = found(constant_query, alert("count(up) == 0 or absent(up)"))

    assert finding.startswith("warning: == is never true")


@pytest.mark.parametrize("query", ["rate(any_total[5m]) >= 0", "up <= 1", "sum(up) >= 0", "up != 2"])
def test_an_alert_that_always_fires_is_a_warning(query: str) -> None:
    """As long as its series exist."""
    (finding,) = found(constant_query, alert(query))

    assert finding.startswith("warning: ")
    assert "is always true" in finding


def test_quantiles_without_buckets_are_errors() -> None:
    """The aggregation dropped `le`; native histograms have none."""
    lost = alert(f"histogram_quantile(0.9, sum by (server) ({BUCKETS})) > 1")

    assert found_in_others(constant_query, lost) == [
        (
            "error: histogram_quantile() returns nothing: its argument has no label le"
            " (keep le in the aggregation: sum by (le, …))"
        )
    ]
    for fine in (f"sum by (le) ({BUCKETS})", BUCKETS, "sum(rate(native_seconds[5m]))", f"sum without (x) ({BUCKETS})"):
        assert found_in_others(constant_query, alert(f"histogram_quantile(0.9, {fine}) > 1")) == []


def test_a_limit_that_may_be_zero_is_a_warning() -> None:
    """Unless the query leaves zeros out."""
    message = (
        f"warning: {LIMIT} is 0 for a container without a limit: the result is infinite, above any threshold"
        f" (divide by ({LIMIT} > 0))"
    )
    for query in (f"{USED} / {LIMIT} > 0.9", f"100 * sum by (name) ({USED}) / sum by (name) ({LIMIT}) > 90"):
        assert found_in_others(constant_query, alert(query)) == [message]
    for query in (
        f"{USED} / ({LIMIT} > 0) > 0.9",
        f"{USED} / {LIMIT} > 0.9 and {LIMIT} != 0",
        f"{LIMIT} / {USED} < 1",
        f"{LIMIT} == 0",
    ):
        assert found_in_others(constant_query, alert(query)) == []


@pytest.mark.parametrize(
    "query",
    [
        "count(up == 0) > 0",
        "absent(up) == 1",
        "rate(any_total[5m]) == 0",
        "any < 0",
        "delta(any[5m]) < 0",
        "up == 0",
        "count(up) == bool 0",
        "rate(any_total[5m]) - 5 < 0",
        "sum(any) / count(any) < 0",
        "NaN > 1",
    ],
)
def test_what_may_hold_is_fine(query: str) -> None:
    """Also where only the data can tell."""
    assert found_in_others(constant_query, alert(query)) == []


def test_recorded_series_may_have_any_value() -> None:
    """Even one with the name of a counter."""
    text = "- record: up\n  expr: any\n- alert: A\n  expr: up > 1\n"

    assert found(constant_query, rules(text)) == []
