"""No two rules record the same series or raise the same alert."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import Rule, RuleFile

ID = "rule_duplicates"


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Rules of a file that overwrite each other.

    Rules of others may share a name: queries for several versions of an exporter, alerts with several thresholds. Only
    the same query again is too much.
    """
    first: dict[tuple[str, ...], Rule] = {}
    for rule in file.rules:
        # An alert may exist in several severities under one name; severity is a label.
        labels = repr(sorted(rule.labels.items()))
        query = " ".join(rule.expr.split()) if known.foreign else ""
        earlier = first.setdefault((rule.kind, rule.name, labels, query), rule)
        if earlier is not rule:
            yield rule.finding(
                ID,
                "warning" if known.foreign else "error",
                f"line {earlier.line} has the same name and labels{' and query' if known.foreign else ''}",
                "remove one, or distinguish them by a label",
            )
