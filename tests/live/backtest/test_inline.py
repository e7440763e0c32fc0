"""Recorded series are expanded where they can be, and refused with a reason where not."""

from __future__ import annotations

import pytest

from boxwatch.errors import BoxwatchError
from boxwatch.live.backtest.inline import Recorded, expand, levels, used


def _records(**exprs: str) -> dict[str, tuple[Recorded, ...]]:
    return {name: (Recorded(name, expr, {}, 30),) for name, expr in exprs.items()}


_CHAIN = _records(
    a="b * 2", b="max_over_time(c[5m:1m])", loop="loop + 1", at="x @ 100", sub="max_over_time(x[5m:30s])", t="time()"
)


def test_series_are_found_through_others() -> None:
    """In ranges and subqueries too."""
    assert used("rate(a[5m]) > 1", _CHAIN) == {"a", "b"}


def test_only_what_is_lacking_is_expanded() -> None:
    """What the history has is exact as it was recorded."""
    assert expand("a > 1", _CHAIN, {"a"}) == "(b * 2) > 1"
    assert expand("a > 1", _CHAIN, {"a", "b"}) == "((max_over_time(c[5m:1m])) * 2) > 1"
    assert expand("a > 1", _CHAIN, ()) == "a > 1"


def test_offset_moves_into_the_expression() -> None:
    """To every selector, around a subquery, and to `time()`."""
    assert expand("a offset 1m", _records(a="x offset 5m - rate(y[2m])"), {"a"}) == (
        "((x offset 6m - rate(y[2m] offset 1m)))"
    )
    assert expand("a offset 1m", _records(a="x offset -1m"), {"a"}) == "((x))"
    assert expand("a offset -1m", _records(a="x"), {"a"}) == "((x offset -1m))"
    assert expand("sub offset 1m", _CHAIN, {"sub"}) == "((max_over_time(x[5m:30s] offset 1m)))"
    assert expand("t offset 1m", _CHAIN, {"t"}) == "(((time() - 60)))"


def test_a_range_becomes_a_subquery() -> None:
    """At the interval of the rule."""
    assert expand("rate(a[5m] offset 1m)", _records(a="x"), {"a"}) == "rate((x)[5m:30s] offset 1m)"


def test_rules_that_record_the_same_are_joined() -> None:
    """With the labels that each sets; a dollar in a label is none of label_replace."""
    records = {"a": (Recorded("a", "x", {"l": "$1"}, 30), Recorded("a", "y", {}, 30))}

    assert expand("a", records, {"a"}) == '((label_replace(x, "l", "$$1", "", "")) or (y))'


@pytest.mark.parametrize(
    ("expr", "problem"),
    [
        ("loop", "reads itself"),
        ("at offset 1m", "fixed to a moment"),
        ("b @ 100", "fixed to a moment"),
        ('b{x="1" or y="2"}', "alternative matchers"),
    ],
)
def test_what_cannot_be_expanded_is_said(expr: str, problem: str) -> None:
    """A rule that reads itself, a fixed moment, alternative matchers."""
    with pytest.raises(BoxwatchError, match=problem):
        expand(expr, _CHAIN, _CHAIN.keys())


def test_a_query_that_grows_too_large_is_refused() -> None:
    """Each of twenty rules reads the one before twice."""
    records = _records(**{f"r{number}": f"r{number - 1} + r{number - 1}" for number in range(1, 20)}, r0="x")

    with pytest.raises(BoxwatchError, match="a query of"):
        expand("r19", records, records.keys())


def test_levels_follow_what_a_rule_reads() -> None:
    """Each reads lower levels only; a circle comes last."""
    records = _records(a="b + c", b="x", c="b", d="e", e="d")

    assert levels({"a", "b", "c"}, records) == (("b",), ("c",), ("a",))
    assert levels({"a", "d", "e"}, records) == (("a",), ("d", "e"))
