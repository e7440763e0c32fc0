"""No rule reads a series that a later rule of its group records.

Prometheus runs a group in order: a rule sees the fresh values of the rules before it, and values one interval old of
the rules after it, or none at the start.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql.selectors import selectors

ID = "rule_dependency"


def check(file: RuleFile, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Rules that stand before what they read."""
    for group in file.groups:
        # Where several rules record one series, the first.
        recorded = {
            rule.name: number for number, rule in reversed(list(enumerate(group.rules))) if rule.kind == "record"
        }
        for number, rule in enumerate(group.rules):
            tree = rule.tree
            for name in dict.fromkeys(selector.name for selector in selectors(tree)) if tree is not None else ():
                # A rule may read its own past.
                if recorded.get(name, number) > number and name != rule.name:
                    other = group.rules[recorded[name]]
                    message = f"reads {name}, recorded below it in line {other.line}: the value is one interval old"
                    yield rule.finding(ID, "warning", message, "move it below that rule", at="expr")
