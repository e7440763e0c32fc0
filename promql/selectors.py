"""Selectors of a query: metric, matchers, window, and enclosing function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import re2

from boxwatch.promql import nodes

Labels = frozenset[str]


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector of a query.

    Attributes:
        name: metric name; empty if the selector has none.
        labels: labels it matches on, except `__name__`.
        absent: labels that must be empty or absent (`{x=""}`).
        needed: labels that a series must have to match: `x="a"` needs x, `x!="a"` does not.
        job: the single job it matches; empty if it has no job matcher, or a pattern.
        window: seconds of its range; 0 for an instant selector.
        function: the directly enclosing function, such as `rate`; empty if there is none.
        matchers: all matchers except `__name__`, in the order of the text.
    """

    name: str
    labels: Labels
    absent: Labels
    needed: Labels
    job: str
    window: float
    function: str
    matchers: tuple[nodes.Matcher, ...]


def selectors(tree: nodes.Expr, function: str = "") -> Iterator[Selector]:
    """All selectors of a query, in the order of the text."""
    match tree:
        case nodes.VectorSelector():
            yield selector(tree, 0, function)
        case nodes.MatrixSelector():
            yield selector(tree.vector_selector, tree.range.total_seconds(), function)
        case nodes.SubqueryExpr():
            # The window belongs to the subquery; its inner selectors are read as instants.
            yield from selectors(tree.expr)
        case nodes.Call():
            for argument in tree.args:
                yield from selectors(argument, tree.func.name)
        case nodes.AggregateExpr():
            if tree.param is not None:
                yield from selectors(tree.param)
            yield from selectors(tree.expr)
        case nodes.BinaryExpr():
            yield from selectors(tree.lhs)
            yield from selectors(tree.rhs)
        case nodes.ParenExpr():
            yield from selectors(tree.expr, function)
        case nodes.UnaryExpr():
            yield from selectors(tree.expr)
        case _:
            return


def selector(tree: nodes.VectorSelector, window: float = 0, function: str = "") -> Selector:
    """One selector, with its window and enclosing function."""
    matchers = [one for one in tree.matchers.matchers if one.name != "__name__"]
    return Selector(
        name=tree.name or "",
        labels=frozenset(one.name for one in matchers),
        absent=frozenset(one.name for one in matchers if one.op == nodes.MatchOp.Equal and not one.value),
        needed=frozenset(one.name for one in matchers if not _matches_empty(one)),
        job=next((one.value for one in matchers if one.name == "job" and one.op == nodes.MatchOp.Equal), ""),
        window=window,
        function=function,
        matchers=tuple(matchers),
    )


def _matches_empty(matcher: nodes.Matcher) -> bool:
    """Whether a matcher accepts series without the label; Prometheus treats a missing label as empty."""
    match matcher.op:
        case nodes.MatchOp.Equal:
            return not matcher.value
        case nodes.MatchOp.NotEqual:
            return bool(matcher.value)
        case _:
            # Prometheus anchors patterns.
            try:
                empty = re2.fullmatch(matcher.value, "") is not None
            except re2.error:
                return True  # the grammar accepted it; assume that it matches
            return empty if matcher.op == nodes.MatchOp.Re else not empty
