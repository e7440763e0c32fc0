"""A query is not PromQL once the variables are filled in: the panel shows an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions
from boxwatch.promql.parse import problem_of

ID = "dashboard_promql"


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Panels and annotations; what variables ask is looked at by dashboard_variable_queries."""
    for where, expr in expressions.expressions(dashboard):
        problem = problem_of(expr)
        if problem and not where.startswith("variable"):
            yield Finding(file, where, ID, "error", f"the PromQL does not parse: {problem}")
