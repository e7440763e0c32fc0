"""`without` on both sides of an operation, and topk() in an alert, are warnings."""

from __future__ import annotations

import pytest
from support.rule_text import alert, found, rules

from boxwatch.checks.rules import fragile_query

BOTH = "warning: both sides of / aggregate `without` (name the relevant labels with by (...), or match on (...))"


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ("sum without (instance) (up) / (sum without (instance) (up)) > 1", [BOTH]),
        ("sum without (instance) (up) / on (server) sum without (instance) (up) > 1", []),
        ("sum by (server) (up) / sum by (server) (up) > 1", []),
        ("sum without (instance) (up) / sum by (server) (up) > 1", []),
        ("sum without (instance) (up) or sum without (instance) (up)", []),
        ("sum(up) / sum(up) > 1", []),
        (
            "topk(3, up) > 1",
            ["warning: topk() may pick other series at every evaluation (compare every series with a threshold)"],
        ),
        (
            "max(bottomk by (server) (3, up)) > 1",
            ["warning: bottomk() may pick other series at every evaluation (compare every series with a threshold)"],
        ),
        ("max(up) > 1", []),
        ("max(", []),
    ],
)
def test_a_query_that_changes_its_meaning_by_itself_is_a_warning(query: str, messages: list[str]) -> None:
    """When a series comes or goes, or an exporter gets a label."""
    assert found(fragile_query, alert(query)) == messages


def test_a_recording_rule_may_choose() -> None:
    """Nobody is woken by it."""
    assert found(fragile_query, rules("- record: a:b:c\n  expr: topk(3, up)\n")) == []
