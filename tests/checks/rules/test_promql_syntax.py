"""Queries that Prometheus would refuse are found before it does."""

from __future__ import annotations

import pytest
from support.rule_text import alert, found, rules

from boxwatch.checks.rules import promql_syntax


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("sum(up", "unclosed left parenthesis"),
        ("rate(up)", "expected type matrix in call to function 'rate', got vector"),
        ("nothing(up)", "unknown function with name 'nothing'"),
        ("(" * 600 + "up" + ")" * 600, "levels deep"),
    ],
    ids=["unclosed", "no range", "no such function", "too deep"],
)
def test_a_query_that_does_not_parse_is_an_error(query: str, reason: str) -> None:
    """With the reason that Prometheus would give."""
    (finding,) = found(promql_syntax, alert(query))

    assert finding.startswith("error: the query does not parse: ")
    assert reason in finding


def test_a_rule_without_a_query_is_an_error() -> None:
    """Prometheus refuses the file."""
    assert found(promql_syntax, rules("- alert: Nothing\n")) == [
        "error: has no expr (write the query, or remove the rule)"
    ]


def test_a_query_that_parses_is_fine() -> None:
    """Joins and all."""
    assert found(promql_syntax, alert("up > on (server) group_left () (3 * up)")) == []
