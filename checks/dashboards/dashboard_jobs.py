"""A query reads a metric from every job: two exporters with the same metric name are added up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions
from boxwatch.promql.parse import tree_of
from boxwatch.promql.selectors import selectors

ID = "dashboard_jobs"

# Prometheus' own series about its rules, which have no job.
_OF_RULES = ("ALERTS", "ALERTS_FOR_STATE")


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Raw selectors match on `job`; recorded series, whose names have a colon, were selected by their rules."""
    for where, expr in expressions.expressions(dashboard):
        parsed = tree_of(expr)
        if parsed is None or where.startswith("variable"):
            continue
        for selector in dict.fromkeys(selectors(parsed)):
            if "job" not in selector.labels and selector.name not in _OF_RULES and ":" not in selector.name:
                name = selector.name or "a selector without a name"
                hint = f'{selector.name}{{job="…"}}'
                yield Finding(file, where, ID, "warning", f"{name} is read from every job", hint)
