"""A query to Loki counts over a fixed window: zoomed out it misses lines, zoomed in it counts them twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions

ID = "dashboard_logql_auto"

_WINDOW = re.compile(r"\[\s*([^\]\s]+)\s*\]")
_RIGHT = ("$__auto", "${__auto}", "$__range", "${__range}")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`')


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """`$__auto` is the step of the graph; `$__range` is the whole time range, for a single number."""
    for where, expr in expressions.of_loki(dashboard):
        for window in dict.fromkeys(_WINDOW.findall(_STRING.sub("", expr))):
            if window not in _RIGHT:
                yield Finding(
                    file, where, ID, "warning", f"the query has a fixed window of {window}", "write [$__auto]"
                )
