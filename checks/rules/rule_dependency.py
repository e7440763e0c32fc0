"""No rule reads what another rule of its own group records.

Prometheus runs a group in order, so that a rule sees what the one before it has just recorded, and what the one after
it recorded an interval ago; vmalert and Prometheus' concurrent evaluation run it in any order, and then the value is
one interval old or not there at the start. Put the recording rules into a group of their own.
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
                    message = f"reads {name}, which line {other.line} of the same group records"
                    yield rule.finding(ID, "warning", message, "put one of them into another group", at="expr")
