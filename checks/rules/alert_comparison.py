"""Every alert has a condition: without one it fires as long as the series exists."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding, Severity
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql import nodes
from boxwatch.promql.conditions import has_comparison
from boxwatch.promql.selectors import selectors
from boxwatch.rules.model import ALWAYS_FIRING

ID = "alert_comparison"


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Alerts that always fire. In rules of others a series that exists may be the condition, as one of a failed job."""
    for rule in file.alerts:
        tree = rule.tree
        if tree is not None and rule.name not in ALWAYS_FIRING and not has_comparison(tree):
            if known.foreign and not any(True for _ in selectors(tree)):
                continue  # a dead man's switch: vector(1)
            yield rule.finding(
                ID,
                _severity(tree, known),
                "the query has no condition, so the alert fires while its series exist",
                "compare the result",
                at="expr",
            )


def _severity(tree: nodes.Expr, known: Known) -> Severity:
    if not known.foreign:
        return "error"
    chosen = any(selector.labels - {"job", "instance"} for selector in selectors(tree))
    recorded = any(selector.name in known.recorded for selector in selectors(tree))
    return "note" if chosen or recorded else "warning"
