"""Selectors and comparisons that nothing can satisfy are errors."""

from __future__ import annotations

import pytest
from support.rule_text import alert, found, rules

from boxwatch.checks.rules import matcher_conflict


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ('up{job="a",job="b"} == 0', 'up never matches: job cannot be "a" and "b"'),
        ('{x="a",x!="a"} == 0', 'a selector never matches: x cannot be "a" and not be it'),
        ('up{job=""} == 0', "up never matches: every scraped series has job"),
        ("up == NaN", "a comparison == NaN is never true"),
        ("(NaN) > up", "a comparison > NaN is never true"),
        ("up != -NaN", "a comparison != NaN is always true"),
    ],
    ids=["two values", "a value and not", "a label that is always there", "NaN", "NaN in brackets", "not NaN"],
)
def test_what_nothing_can_satisfy_is_an_error(query: str, message: str) -> None:
    """Such a rule loads, and is silent for ever."""
    assert found(matcher_conflict, alert(query)) == [f"error: {message} ()"]


@pytest.mark.parametrize(
    "query",
    [
        'up{job="a",job=~"a|b"} == 0',
        'up{job="a",job!="b"} == 0',
        'up{job="a",instance="b"} == 0',
        'up{job="a",job="a"} == 0',
        'up{pod=""} == 0',
        'ALERTS{server=""} == 1',
        'no_such_metric{job=""} == 1',
        "up != up",
        "up * NaN > 1",
    ],
)
def test_what_can_be_is_fine(query: str) -> None:
    """`x != x` is how PromQL asks for NaN, and alerts have labels of their own."""
    assert found(matcher_conflict, alert(query)) == []


def test_what_a_rule_records_may_lack_the_targets_labels() -> None:
    """It has what the rule left."""
    assert (
        found(matcher_conflict, rules('- record: up\n  expr: vector(1)\n- alert: A\n  expr: up{job=""} == 0\n')) == []
    )
