"""What a query requires to have a result: of `a or b` one is enough, and `a unless b` needs no b."""

from __future__ import annotations

from collections.abc import Callable

from boxwatch.promql import nodes
from boxwatch.promql.selectors import Selector, selectors

Lacks = Callable[[Selector], bool]


def without(tree: nodes.Expr, lacks: Lacks) -> tuple[Selector, ...]:
    """The required selectors that a query lacks: of `a or b`, one is enough.

    The same holds for the exceptions in `a unless b unless c`, which means `a unless (b or c)`.
    """
    match tree:
        case nodes.BinaryExpr() if str(tree.op) == "unless":
            base, exceptions = _unless(tree)
            each = [without(exception, lacks) for exception in exceptions]
            return (*without(base, lacks), *(selector for one in each for selector in one if all(each)))
        case nodes.BinaryExpr():
            left, right = without(tree.lhs, lacks), without(tree.rhs, lacks)
            return () if str(tree.op) == "or" and not (left and right) else (*left, *right)
        case nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            return without(tree.expr, lacks)
        case nodes.AggregateExpr():
            return (*without(tree.expr, lacks), *(() if tree.param is None else without(tree.param, lacks)))
        case nodes.Call():
            return tuple(selector for argument in tree.args for selector in without(argument, lacks))
        case _:
            return tuple(filter(lacks, selectors(tree)))


def answers(tree: nodes.Expr, lacks: Lacks) -> bool:
    """Whether a query may have a result without what is lacking: an exception of `unless` is not needed for that."""
    match tree:
        case nodes.BinaryExpr() if str(tree.op) == "unless":
            return answers(_unless(tree)[0], lacks)
        case nodes.BinaryExpr() if str(tree.op) == "or":
            return answers(tree.lhs, lacks) or answers(tree.rhs, lacks)
        case nodes.BinaryExpr():
            return answers(tree.lhs, lacks) and answers(tree.rhs, lacks)
        case nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            return answers(tree.expr, lacks)
        case nodes.AggregateExpr():
            return answers(tree.expr, lacks) and (tree.param is None or answers(tree.param, lacks))
        case nodes.Call():
            return all(answers(argument, lacks) for argument in tree.args)
        case _:
            return not any(map(lacks, selectors(tree)))


def _unless(tree: nodes.BinaryExpr) -> tuple[nodes.Expr, list[nodes.Expr]]:
    """`a unless b unless c` → a, and b and c."""
    base: nodes.Expr = tree
    exceptions: list[nodes.Expr] = []
    while isinstance(base, nodes.BinaryExpr) and str(base.op) == "unless":
        exceptions.insert(0, base.rhs)
        base = base.lhs
    return base, exceptions
