"""Which labels the answer to a PromQL query can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser as parser

if TYPE_CHECKING:
    from collections.abc import Iterable

# Every label that the series have; what that is only the data knows.
ALL = None
Labels = frozenset[str] | None

_AS_THEY_ARE = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_MAKES_LABEL = frozenset({"label_replace", "label_join"})
_SCALARS = frozenset({"scalar", "time", "pi"})
_UNLABELLED = _SCALARS | {"vector"}


def of(expr: parser.Expr) -> Labels:
    """The labels that can be in the answer, or ALL."""
    match expr:
        case parser.AggregateExpr():
            return _of_aggregate(expr)
        case parser.BinaryExpr():
            return _of_binary(expr)
        case parser.Call():
            return _of_call(expr)
        case parser.ParenExpr() | parser.UnaryExpr() | parser.SubqueryExpr():
            return of(expr.expr)
        case parser.NumberLiteral() | parser.StringLiteral():
            return frozenset()
    return ALL


def _union(labels: Iterable[Labels]) -> Labels:
    made: frozenset[str] = frozenset()
    for each in labels:
        if each is None:
            return ALL
        made |= each
    return made


def _of_aggregate(expr: parser.AggregateExpr) -> Labels:
    inner = of(expr.expr)
    modifier = expr.modifier
    if str(expr.op) in _AS_THEY_ARE:
        return inner
    made: Labels = frozenset()
    if modifier is not None and modifier.type == parser.AggModifierType.By:
        made = frozenset(modifier.labels)
        made = made if inner is None else made & inner
    elif modifier is not None:
        made = ALL if inner is None else inner - frozenset(modifier.labels)
    if str(expr.op) == "count_values" and isinstance(expr.param, parser.StringLiteral):
        return _union((made, frozenset({expr.param.val})))
    return made


def _of_binary(expr: parser.BinaryExpr) -> Labels:
    left, right = of(expr.lhs), of(expr.rhs)
    operator, modifier = str(expr.op), expr.modifier
    if operator == "or":
        return _union((left, right))
    if _is_scalar(expr.lhs):
        return right
    if operator in ("and", "unless") or _is_scalar(expr.rhs) or modifier is None:
        return left
    return _matched(left, right, modifier)


def _is_scalar(expr: parser.Expr) -> bool:
    """Whether it is a number and no vector: `time() - x` has the labels of x."""
    match expr:
        case parser.NumberLiteral():
            return True
        case parser.ParenExpr() | parser.UnaryExpr():
            return _is_scalar(expr.expr)
        case parser.BinaryExpr():
            return _is_scalar(expr.lhs) and _is_scalar(expr.rhs)
        case parser.Call():
            return expr.func.name in _SCALARS
    return False


def _matched(left: Labels, right: Labels, modifier: parser.BinModifier) -> Labels:
    """What a match of two vectors keeps: the side with many, or the labels that were matched on."""
    if modifier.card == parser.VectorMatchCardinality.ManyToOne:
        return _union((left, frozenset(modifier.group_labels or ())))
    if modifier.card == parser.VectorMatchCardinality.OneToMany:
        return _union((right, frozenset(modifier.group_labels or ())))
    matching = modifier.matching
    if matching is None:
        return left
    named = frozenset(matching.labels)
    if matching.type == parser.LabelModifierType.Include:
        return named if left is None else named & left
    return ALL if left is None else left - named


def _of_call(expr: parser.Call) -> Labels:
    name = expr.func.name
    if name in _UNLABELLED:
        return frozenset()
    if name.startswith("absent"):
        return ALL
    vectors = [arg for arg in expr.args if not isinstance(arg, parser.NumberLiteral | parser.StringLiteral)]
    inner = _union(of(arg) for arg in vectors)
    if name in _MAKES_LABEL and len(expr.args) > 1 and isinstance(expr.args[1], parser.StringLiteral):
        return _union((inner, frozenset({expr.args[1].val})))
    return inner
