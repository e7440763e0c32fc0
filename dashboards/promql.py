"""PromQL as a tree: parsed by Prometheus' own grammar, and walked with what stands around each part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser as parser

if TYPE_CHECKING:
    from collections.abc import Iterator


def parse(promql: str) -> parser.Expr | str:
    """The tree, or in one line what is wrong with the text."""
    try:
        tree: parser.Expr = parser.parse(promql)
    except ValueError as error:
        return " ".join(str(error).split())
    return tree


def walk(expr: parser.Expr, around: tuple[str, ...] = ()) -> Iterator[tuple[parser.Expr, tuple[str, ...]]]:
    """Every part, each with the names of the functions around it, outermost first."""
    yield expr, around
    match expr:
        case parser.AggregateExpr():
            inner = (*around, str(expr.op))
            if isinstance(expr.param, parser.Expr):
                yield from walk(expr.param, inner)
            yield from walk(expr.expr, inner)
        case parser.BinaryExpr():
            yield from walk(expr.lhs, around)
            yield from walk(expr.rhs, around)
        case parser.Call():
            for argument in expr.args:
                yield from walk(argument, (*around, expr.func.name))
        case parser.ParenExpr() | parser.UnaryExpr() | parser.SubqueryExpr():
            yield from walk(expr.expr, around)
        case parser.MatrixSelector():
            yield from walk(expr.vector_selector, around)
