"""A query is not valid PromQL after expanding its variables: the panel shows an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions
from boxwatch.promql.parse import problem_of

ID = "dashboard_promql"


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Panels and annotations; dashboard_variable_queries checks the queries of variables."""
    for where, expr in expressions.expressions(dashboard):
        problem = problem_of(expr)
        if problem and not where.startswith("variable"):
            yield Finding(file, where, ID, "error", f"the PromQL does not parse: {problem}")
