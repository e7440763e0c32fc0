"""Walking a query's syntax tree."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.promql import nodes


def walk(tree: nodes.Expr, around: tuple[str, ...] = ()) -> Iterator[tuple[nodes.Expr, tuple[str, ...]]]:
    """(node, enclosing functions and aggregations, outermost first) for every node, in the order of the text."""
    yield tree, around
    match tree:
        case nodes.AggregateExpr():
            inner = (*around, str(tree.op))
            if isinstance(tree.param, nodes.Expr):
                yield from walk(tree.param, inner)
            yield from walk(tree.expr, inner)
        case nodes.BinaryExpr():
            yield from walk(tree.lhs, around)
            yield from walk(tree.rhs, around)
        case nodes.Call():
            for argument in tree.args:
                yield from walk(argument, (*around, tree.func.name))
        case nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            yield from walk(tree.expr, around)
        case nodes.MatrixSelector():
            yield from walk(tree.vector_selector, around)


def every(tree: nodes.Expr) -> Iterator[nodes.Expr]:
    """Every node of the tree, in the order of the text."""
    return (node for node, _ in walk(tree))
