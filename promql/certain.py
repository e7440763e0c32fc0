"""Labels that every series of a result has, and the values that they can have there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from boxwatch.promql import nodes
from boxwatch.promql.labels import is_scalar
from boxwatch.promql.selectors import Labels, selector

# Label → its possible values, or None where they are unknown.
Certain = Mapping[str, frozenset[str] | None]
# The labels that every series of a selector has besides those that its matchers require.
OfSelector = Callable[[nodes.VectorSelector], Labels]

_SET_OPERATORS: Final = frozenset({"and", "unless"})
_CHOOSING: Final = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
# These return series without labels, or with labels unknown here.
_OWN_LABELS: Final = frozenset({"vector", "time", "scalar", "pi", "absent", "absent_over_time", "info"})
_CHANGING: Final = frozenset({"label_replace", "label_join"})
_HISTOGRAMS: Final = frozenset({"histogram_quantile", "histogram_fraction"})
_LAST: Final = _HISTOGRAMS | {"quantile_over_time"}
_PLAIN: Final = re.compile(r"[\w:/@ -]+(\|[\w:/@ -]+)*", re.ASCII)
_NONE: Certain = {}


def certain(tree: nodes.Expr, of_selector: OfSelector) -> Certain:
    """The labels of every series of a result, with their possible values."""
    match tree:
        case nodes.VectorSelector():
            return _of_selector(tree, of_selector)
        case nodes.MatrixSelector():
            return _of_selector(tree.vector_selector, of_selector)
        case nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            return certain(tree.expr, of_selector)
        case nodes.Call() if tree.func.name not in _OWN_LABELS and tree.args:
            return _of_call(tree, of_selector)
        case nodes.AggregateExpr():
            return _of_aggregation(tree, of_selector)
        case nodes.BinaryExpr():
            return _of_binary(tree, of_selector)
        case _:
            return _NONE


def _of_selector(tree: nodes.VectorSelector, of_selector: OfSelector) -> Certain:
    found: dict[str, frozenset[str] | None] = dict.fromkeys(of_selector(tree) | selector(tree).needed)
    for matcher in selector(tree).matchers:
        values = _values(matcher)
        if values:
            known = found.get(matcher.name)
            found[matcher.name] = values if known is None else known & values
    return found


def _values(matcher: nodes.Matcher) -> frozenset[str] | None:
    """The values that a matcher accepts; None where they cannot be listed, or the label need not be there."""
    if matcher.op == nodes.MatchOp.Equal:
        return frozenset({matcher.value}) if matcher.value else None
    if matcher.op == nodes.MatchOp.Re and _PLAIN.fullmatch(matcher.value):
        return frozenset(matcher.value.split("|"))
    return None


def _of_call(tree: nodes.Call, of_selector: OfSelector) -> Certain:
    name = tree.func.name
    found = certain(tree.args[-1 if name in _LAST else 0], of_selector)
    if name in _CHANGING and len(tree.args) > 1:
        target = tree.args[1]
        return _without(found, {target.val}) if isinstance(target, nodes.StringLiteral) else _NONE
    return _without(found, {"le"}) if name in _HISTOGRAMS else found


def _of_aggregation(tree: nodes.AggregateExpr, of_selector: OfSelector) -> Certain:
    found = certain(tree.expr, of_selector)
    if str(tree.op) in _CHOOSING:
        return found
    if tree.modifier is None:
        return _NONE
    named = frozenset(tree.modifier.labels)
    return _only(found, named) if tree.modifier.type == nodes.AggModifierType.By else _without(found, named)


def _of_binary(tree: nodes.BinaryExpr, of_selector: OfSelector) -> Certain:
    left, right = certain(tree.lhs, of_selector), certain(tree.rhs, of_selector)
    operator = str(tree.op)
    if operator == "or":
        return {name: _either(left[name], right[name]) for name in left.keys() & right.keys()}
    if operator in _SET_OPERATORS or is_scalar(tree.rhs):
        return left
    if is_scalar(tree.lhs):
        return right
    modifier = tree.modifier
    if modifier is None or modifier.card == nodes.VectorMatchCardinality.OneToOne:
        both = {name: _both(left.get(name), right.get(name)) for name in left.keys() | right.keys()}
        return matched(both, modifier)
    many, one = (left, right) if modifier.card == nodes.VectorMatchCardinality.ManyToOne else (right, left)
    group = frozenset(modifier.group_labels or ())
    return {**_without(many, group), **_only(one, group)}


def matched(labels: Certain, modifier: nodes.BinModifier | None) -> Certain:
    """Those of the labels on which series of the two sides must agree."""
    matching = modifier.matching if modifier else None
    if matching is None:
        return labels
    named = frozenset(matching.labels)
    return _only(labels, named) if matching.type == nodes.LabelModifierType.Include else _without(labels, named)


def _only(labels: Certain, names: frozenset[str]) -> Certain:
    return {name: values for name, values in labels.items() if name in names}


def _without(labels: Certain, names: frozenset[str] | set[str]) -> Certain:
    return {name: values for name, values in labels.items() if name not in names}


def _either(left: frozenset[str] | None, right: frozenset[str] | None) -> frozenset[str] | None:
    return None if left is None or right is None else left | right


def _both(left: frozenset[str] | None, right: frozenset[str] | None) -> frozenset[str] | None:
    if left is None or right is None:
        return right if left is None else left
    return left & right
