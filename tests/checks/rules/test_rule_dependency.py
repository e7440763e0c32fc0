"""A rule that stands before what it reads sees the value of the evaluation before."""

from __future__ import annotations

import pytest
from support.rule_text import found, rules

from boxwatch.checks.rules import rule_dependency
from boxwatch.checks.rules.rule_file import read

RECORD = "- record: a:b:c\n  expr: up\n"


@pytest.mark.parametrize(
    "reader",
    [
        "- alert: A\n  expr: a:b:c > 1\n",
        "- record: d:e:f\n  expr: sum(max_over_time(a:b:c[5m]))\n",
        "- alert: A\n  expr: a:b:c > a:b:c\n",
    ],
    ids=["alert", "record", "twice"],
)
def test_a_rule_before_what_it_reads_is_a_warning(reader: str) -> None:
    """Once, with the line of the other; after it, it is as it should be: a group runs in order."""
    assert found(rule_dependency, rules(f"{reader}{RECORD}")) == [
        "warning: reads a:b:c, recorded below it in line 6: the value is one interval old (move it below that rule)"
    ]
    assert found(rule_dependency, rules(f"{RECORD}{reader}")) == []
    assert found(rule_dependency, rules(f"{RECORD}{reader}{RECORD}")) == []


@pytest.mark.parametrize("text", [RECORD, f"{RECORD}- alert: A\n  expr: up > 1\n", "- record: a:b:c\n  expr: a:b:c\n"])
def test_others_are_fine(text: str) -> None:
    """Reading oneself included: that is the value of the evaluation before, everywhere."""
    assert found(rule_dependency, rules(text)) == []


def test_another_group_is_fine() -> None:
    """Groups do not wait for each other, and nobody thinks that they do."""
    text = (
        b"groups: [{name: a, rules: [{alert: A, expr: 'a:b:c > 1'}]}, {name: b, rules: [{record: 'a:b:c', expr: up}]}]"
    )

    assert found(rule_dependency, read("rules.yaml", text)) == []
