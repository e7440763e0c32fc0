"""Thresholds of an alert are found, and replaced one at a time."""

from __future__ import annotations

from boxwatch.live.backtest.thresholds import replaced, thresholds
from boxwatch.promql.parse import parse


def test_each_number_of_a_comparison_is_a_threshold() -> None:
    """Not a condition with 0 or equality, nor a comparison that filters nothing."""
    tree = parse("a > 0.9 and (b < 5 or c > 0) and d == 3 and e > bool 7")

    assert [(each.shown, each.value) for each in thresholds(tree)] == [("a > 0.9", 0.9), ("b < 5", 5)]


def test_one_is_replaced_and_the_others_stay() -> None:
    """Also inside an aggregation of a comparison."""
    tree = parse("count(a > 0.9) > 3 and b < 5")
    found = thresholds(tree)

    assert [replaced(tree, each, 1) for each in found] == [
        "count(a > 0.9) > 1 and b < 5",
        "count(a > 1) > 3 and b < 5",
        "count(a > 0.9) > 3 and b < 1",
    ]
