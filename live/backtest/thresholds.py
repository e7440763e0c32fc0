"""Other thresholds of an alert: the same expression with one number of a comparison replaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from boxwatch.live.absence import is_filter
from boxwatch.promql import nodes
from boxwatch.promql.render import Replace, render
from boxwatch.promql.walk import every

# Shares of the threshold that are tried besides itself.
SHARES = (0.5, 0.75, 0.9, 1.1, 1.25, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number with which series are compared.

    Attributes:
        place: its place among the comparisons with a number.
        shown: the comparison, as PromQL.
        value: the number.
    """

    place: int
    shown: str
    value: float


def thresholds(tree: nodes.Expr) -> tuple[Threshold, ...]:
    """Every number that a comparison uses as a threshold; 0 and equality are conditions, not thresholds."""
    return tuple(
        Threshold(place, render(node), node.rhs.val)
        for place, node in enumerate(_comparisons(tree))
        if isinstance(node.rhs, nodes.NumberLiteral) and node.rhs.val and str(node.op) not in ("==", "!=")
    )


def _comparisons(tree: nodes.Expr) -> Iterator[nodes.BinaryExpr]:
    for node in every(tree):
        if isinstance(node, nodes.BinaryExpr) and is_filter(node) and isinstance(node.rhs, nodes.NumberLiteral):
            yield node


def replaced(tree: nodes.Expr, threshold: Threshold, value: float) -> str:
    """The expression with another number in that place."""
    return render(tree, _at(threshold.place, value))


def _at(place: int, value: float) -> Replace:
    seen = -1

    def instead(node: nodes.Expr) -> str | None:
        nonlocal seen
        if not (isinstance(node, nodes.BinaryExpr) and is_filter(node) and isinstance(node.rhs, nodes.NumberLiteral)):
            return None
        seen += 1
        if seen != place:
            return None
        return f"{render(node.lhs)} {node.op} {value:g}"

    return instead
