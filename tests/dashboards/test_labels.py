"""Which labels an answer can have, by the kinds of expressions that dashboards use."""

from __future__ import annotations

import pytest

from boxwatch.dashboards import labels, promql


@pytest.mark.parametrize(
    ("expr", "kept"),
    [
        ("x", None),
        ("1", ""),
        ('"s"', ""),
        ("vector(1)", ""),
        ("time()", ""),
        ("absent(x)", None),
        ("sum(x)", ""),
        ("sum by (a, b) (x)", "a b"),
        ("sum by (a, c) (sum by (a, b) (x))", "a"),
        ("sum without (a) (x)", None),
        ("sum without (a) (sum by (a, b) (x))", "b"),
        ("topk(3, sum by (a) (x))", "a"),
        ('count_values("v", x)', "v"),
        ("-sum by (a) (x)", "a"),
        ("(sum by (a) (x))", "a"),
        ("rate(x[5m])", None),
        ("max_over_time(sum by (a) (x)[1h:5m])", "a"),
        ('label_replace(sum by (a) (x), "d", "$1", "a", "(.*)")', "a d"),
        ('label_join(sum by (a) (x), "d", "-", "a")', "a d"),
        ("sum by (a) (x) or sum by (b) (y)", "a b"),
        ("sum by (a) (x) or y", None),
        ("sum by (a) (x) and y", "a"),
        ("sum by (a) (x) unless on (a) y", "a"),
        ("2 * sum by (a) (x)", "a"),
        ("time() - sum by (a) (x)", "a"),
        ("sum by (a) (x) - time()", "a"),
        ("sum by (a) (x) > 2", "a"),
        ("sum by (a) (x) / sum by (a) (y)", "a"),
        ("x / on (a, b) y", "a b"),
        ("sum by (a) (x) / on (a, b) y", "a"),
        ("sum by (a, b) (x) / ignoring (b) y", "a"),
        ("x / ignoring (b) y", None),
        ("sum by (a, b) (x) * on (a) group_left (c) y", "a b c"),
        ("y * on (a) group_right (c) sum by (a, b) (x)", "a b c"),
        ("clamp_min(sum by (a) (x), 0)", "a"),
    ],
)
def test_labels_of_an_answer(expr: str, kept: str | None) -> None:
    """None stands for every label that the data has."""
    parsed = promql.parse(expr)
    assert not isinstance(parsed, str)
    assert labels.of(parsed) == (None if kept is None else frozenset(kept.split()))


def test_what_does_not_parse_is_said_in_one_line() -> None:
    """The parser's message may have several."""
    said = promql.parse("sum(")
    assert isinstance(said, str)
    assert "\n" not in said
