"""A constant stands in for missing data: where nothing is measured, 0 looks like "no errors"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions, tree
from boxwatch.promql import nodes
from boxwatch.promql.parse import tree_of

ID = "dashboard_constants"


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Every query of a panel is empty where its series are: no `vector(0.9)` alone, and no `or vector(0)`."""
    for panel in tree.plots(dashboard):
        for ref_id, written in expressions.of_panel(panel):
            parsed = tree_of(expressions.expand(written, dashboard))
            if parsed is not None and _always(parsed):
                where = f"{tree.name(panel)} query {ref_id}"
                message = "the query has a result even where nothing is measured"
                hint = "draw a threshold with Grafana's own thresholds; count with `or 0 * count(SERIES)`"
                yield Finding(file, where, ID, "warning", message, hint)


def _always(part: nodes.Expr) -> bool:
    """Whether it has a result without a single series."""
    match part:
        case nodes.NumberLiteral():
            return True
        case nodes.Call():
            # scalar() is NaN then, which no panel draws; absent() asks for just that.
            return part.func.name == "time" or (
                bool(part.args) and part.func.name != "scalar" and all(map(_always, part.args))
            )
        case nodes.BinaryExpr():
            first, second = _always(part.lhs), _always(part.rhs)
            if str(part.op) == "or":
                return first or second
            return first if str(part.op) == "unless" else first and second
        case nodes.AggregateExpr() | nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            return _always(part.expr)
        case _:
            return False
