"""Alert conditions: whether a query can return nothing even when its series exist."""

from __future__ import annotations

from boxwatch.promql import nodes

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_EMPTYING = frozenset({"absent", "absent_over_time"})


def has_comparison(tree: nodes.Expr) -> bool:
    """Whether a comparison can filter out the whole result, so that an alert on it does not always fire.

    `absent()` and `unless` can as well; a comparison with `bool` cannot.
    """
    match tree:
        case nodes.BinaryExpr():
            operator = str(tree.op)
            if operator == "or":
                return has_comparison(tree.lhs) and has_comparison(tree.rhs)
            if operator in ("and", "unless"):
                return operator == "unless" or has_comparison(tree.lhs) or has_comparison(tree.rhs)
            if operator in _COMPARISONS:
                return not (tree.modifier and tree.modifier.return_bool)
            return has_comparison(tree.lhs) or has_comparison(tree.rhs)
        case nodes.Call():
            return tree.func.name in _EMPTYING or any(has_comparison(argument) for argument in tree.args)
        case nodes.AggregateExpr() | nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            return has_comparison(tree.expr)
        case _:
            return False
