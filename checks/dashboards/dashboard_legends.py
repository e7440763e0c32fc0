"""A legend uses a label that the query's aggregation has removed: all series get the same name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions, tree
from boxwatch.promql.labels import result_labels
from boxwatch.promql.parse import tree_of

ID = "dashboard_legends"

_LABEL = re.compile(r"\{\{\s*([^}\s]+)\s*\}\}")


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """`{{label}}` is a label that the result can have."""
    for panel in tree.plots(dashboard):
        for target in tree.targets(panel):
            if not expressions.is_prometheus(target, panel):
                continue
            named = _LABEL.findall(tree.text(target.get("legendFormat")))
            parsed = tree_of(expressions.expand(tree.text(target.get("expr")), dashboard))
            kept = None if parsed is None else result_labels(parsed)
            if kept is None:
                continue
            for label in dict.fromkeys(named):
                if label not in kept:
                    where = f"{tree.name(panel)} query {tree.text(target.get('refId'))}"
                    left = ", ".join(sorted(kept)) or "none"
                    message = f"the legend uses the label {label}, which the query does not keep"
                    yield Finding(file, where, ID, "error", message, f"remaining labels: {left}")
