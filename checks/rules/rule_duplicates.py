"""No two rules record the same series or raise the same alert."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import Rule, RuleFile

ID = "rule_duplicates"


def check(file: RuleFile, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Rules of a file that overwrite each other."""
    first: dict[tuple[str, str, tuple[tuple[str, str], ...]], Rule] = {}
    for rule in file.rules:
        # An alert may exist in several severities under one name; severity is a label.
        earlier = first.setdefault((rule.kind, rule.name, tuple(sorted(rule.labels.items()))), rule)
        if earlier is not rule:
            yield rule.finding(
                ID,
                "error",
                f"line {earlier.line} has the same name and labels",
                "remove one, or distinguish them by a label",
            )
