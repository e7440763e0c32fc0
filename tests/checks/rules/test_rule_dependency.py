"""A rule that reads what its own group records is a warning."""

from __future__ import annotations

import pytest
from support.rule_text import found, rules

from boxwatch.checks.rules import rule_dependency
from boxwatch.checks.rules.rule_file import read

RECORD = "- record: a:b:c\n  expr: up\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{RECORD}- alert: A\n  expr: a:b:c > 1\n",
        f"{RECORD}- record: d:e:f\n  expr: sum(max_over_time(a:b:c[5m]))\n",
        f"{RECORD}- alert: A\n  expr: a:b:c > a:b:c\n",
    ],
    ids=["alert", "record", "twice"],
)
def test_a_rule_that_depends_on_the_order_of_its_group_is_a_warning(text: str) -> None:
    """Once, with the line of the other."""
    assert found(rule_dependency, rules(text)) == [
        "warning: reads a:b:c, recorded in line 4 of the same group (put one of them into another group)"
    ]


@pytest.mark.parametrize("text", [RECORD, f"{RECORD}- alert: A\n  expr: up > 1\n", "- record: a:b:c\n  expr: a:b:c\n"])
def test_others_are_fine(text: str) -> None:
    """Reading oneself included: that is the value of the evaluation before, everywhere."""
    assert found(rule_dependency, rules(text)) == []


def test_another_group_is_fine() -> None:
    """Groups do not wait for each other, and nobody thinks that they do."""
    text = (
        b"groups: [{name: a, rules: [{record: 'a:b:c', expr: up}]}, {name: b, rules: [{alert: A, expr: 'a:b:c > 1'}]}]"
    )

    assert found(rule_dependency, read("rules.yaml", text)) == []
