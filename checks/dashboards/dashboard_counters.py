"""A counter is shown raw: it only grows, and restarts from zero with its process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.exporters.catalogue import metrics
from boxwatch.grafana import expressions
from boxwatch.promql import nodes
from boxwatch.promql.parse import tree_of
from boxwatch.promql.walk import walk

ID = "dashboard_counters"

_COUNTER = "_total"
# Functions meant for counters, or indifferent to their value.
_SENSIBLE = frozenset({
    "absent", "absent_over_time", "changes", "count", "count_over_time", "group", "increase", "irate",
    "present_over_time", "rate", "resets", "timestamp",
})  # fmt: skip


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Counters stand inside rate, irate or increase, or a function that ignores the value."""
    for where, expr in expressions.expressions(dashboard):
        parsed = tree_of(expr)
        if parsed is None or where.startswith("variable"):
            continue
        for part, around in walk(parsed):
            name = part.name if isinstance(part, nodes.VectorSelector) else None
            if name and _is_counter(name) and not _SENSIBLE & set(around):
                message = f"{name} is a counter used without rate, irate or increase"
                yield Finding(file, where, ID, "error", message, f"rate({name}[$__rate_interval])")


def _is_counter(name: str) -> bool:
    """By its name, unless the catalogue knows better: MinIO calls gauges `…_total`."""
    known = metrics.exposed_by(name)
    return name.endswith(_COUNTER) and ":" not in name and (not known or any(one.type != "gauge" for one in known))
