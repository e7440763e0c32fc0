"""Every query is valid PromQL."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql.parse import parse

ID = "promql_syntax"


def check(file: RuleFile, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Queries that Prometheus would reject."""
    for rule in file.rules:
        if not rule.expr:
            yield rule.finding(ID, "error", "has no expr", "write the query, or remove the rule")
            continue
        try:
            parse(rule.expr)
        except ValueError as error:
            yield rule.finding(ID, "error", f"the query does not parse: {error}", "correct the query", at="expr")
