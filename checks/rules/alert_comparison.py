"""Every alert has a condition: without one it fires as long as the series exists."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql.conditions import has_comparison
from boxwatch.rules.model import ALWAYS_FIRING

ID = "alert_comparison"


def check(file: RuleFile, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Alerts that always fire."""
    for rule in file.alerts:
        tree = rule.tree
        if tree is not None and rule.name not in ALWAYS_FIRING and not has_comparison(tree):
            yield rule.finding(
                ID,
                "error",
                "the query has no condition, so the alert fires while its series exist",
                "compare the result",
                at="expr",
            )
