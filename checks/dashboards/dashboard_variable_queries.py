"""A variable has a query that Prometheus does not understand, or keeps values of an earlier time range."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions, tree
from boxwatch.promql.parse import problem_of

ID = "dashboard_variable_queries"

_ON_TIME_RANGE_CHANGE = 2


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """label_values(…), label_names(…), metrics(…), query_result(…) with PromQL inside; refreshed when time changes."""
    for variable in tree.variables(dashboard):
        where = f'variable "{tree.text(variable.get("name"))}"'
        if variable.get("type") != "query" or not expressions.is_prometheus(variable):
            continue
        if not expressions.variable_is_readable(variable):
            hint = "label_values(METRIC, LABEL), label_names(), metrics(REGEX) or query_result(PROMQL)"
            yield Finding(file, where, ID, "error", "the Prometheus data source does not understand the query", hint)
        written = expressions.of_variable(variable)
        if written:
            problem = problem_of(expressions.expand(written, dashboard))
            if problem:
                yield Finding(file, where, ID, "error", f"the PromQL does not parse: {problem}")
        if variable.get("refresh") != _ON_TIME_RANGE_CHANGE:
            message = "the values are not refreshed when the time range changes"
            yield Finding(file, where, ID, "warning", message, 'write "refresh": 2')
