"""No rule reads a series recorded in its own group.

Prometheus runs a group in order: a rule sees the fresh values of the rules before it, and values one interval old of
the rules after it. vmalert and Prometheus' concurrent evaluation use any order, so the value may be one interval old,
or missing at the start. Put the recording rules into a group of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql.selectors import selectors

ID = "rule_dependency"


def check(file: RuleFile, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Rules that depend on the order of their group."""
    for group in file.groups:
        recorded = {rule.name: rule for rule in group.rules if rule.kind == "record"}
        for rule in group.rules:
            tree = rule.tree
            for name in dict.fromkeys(selector.name for selector in selectors(tree)) if tree is not None else ():
                other = recorded.get(name)
                if other is not None and other is not rule:
                    message = f"reads {name}, recorded in line {other.line} of the same group"
                    yield rule.finding(ID, "warning", message, "put one of them into another group", at="expr")
