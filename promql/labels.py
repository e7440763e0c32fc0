"""Label inference: the possible labels of a result, by the rules of Prometheus' engine (promql/engine.go)."""

from __future__ import annotations

from collections.abc import Callable

from boxwatch.promql import nodes
from boxwatch.promql.selectors import Labels, selector

# Labels of a metric by its name, or None if unknown.
Lookup = Callable[[str], Labels | None]

_SET_OPERATORS = frozenset({"and", "or", "unless"})
# Aggregations that select series and keep their labels.
_CHOOSING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_ABSENCE = frozenset({"absent", "absent_over_time"})
_SCALARS = frozenset({"time", "scalar", "pi"})
_UNLABELLED = _SCALARS | {"vector"}
# Functions whose series come from their last argument; all others take them from the first.
_LAST = frozenset({"histogram_quantile", "histogram_fraction", "quantile_over_time"})
_NONE: Labels = frozenset()


def unknown(_: str) -> Labels | None:
    """The lookup that knows no metric's labels."""
    return None


def result_labels(tree: nodes.Expr, lookup: Lookup = unknown) -> Labels | None:
    """Possible labels of the result's series, except the metric name; None if unknown."""
    match tree:
        case nodes.VectorSelector():
            known = lookup(tree.name or "")
            return None if known is None else known - selector(tree).absent
        case nodes.MatrixSelector():
            return result_labels(tree.vector_selector, lookup)
        case nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            return result_labels(tree.expr, lookup)
        case nodes.Call():
            return _of_call(tree, lookup)
        case nodes.AggregateExpr():
            return _of_aggregation(tree, lookup)
        case nodes.BinaryExpr():
            return _of_binary(tree, lookup)
        case _:
            return _NONE


def may_have(tree: nodes.Expr, label: str) -> bool:
    """Whether a series of the result may have a label, whatever labels the metrics have."""
    match tree:
        case nodes.VectorSelector():
            return label not in selector(tree).absent
        case nodes.MatrixSelector():
            return may_have(tree.vector_selector, label)
        case nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            return may_have(tree.expr, label)
        case nodes.Call():
            return _call_may_have(tree, label)
        case nodes.AggregateExpr():
            return _aggregation_may_have(tree, label)
        case nodes.BinaryExpr():
            return _binary_may_have(tree, label)
        case _:
            return False


def _call_may_have(tree: nodes.Call, label: str) -> bool:
    name = tree.func.name
    if name in _ABSENCE:
        return label in _of_absence(tree.args[0])
    if name in _UNLABELLED or not tree.args:
        return False
    if name == "info":
        return True
    if name in ("label_replace", "label_join"):
        target = tree.args[1]
        return not isinstance(target, nodes.StringLiteral) or target.val == label or may_have(tree.args[0], label)
    if name in ("histogram_quantile", "histogram_fraction") and label == "le":
        return False
    return may_have(tree.args[-1 if name in _LAST else 0], label)


def _aggregation_may_have(tree: nodes.AggregateExpr, label: str) -> bool:
    operator = str(tree.op)
    if operator == "count_values" and isinstance(tree.param, nodes.StringLiteral) and tree.param.val == label:
        return True
    if operator in _CHOOSING:
        return may_have(tree.expr, label)
    if tree.modifier is None:
        return False
    kept = (label in tree.modifier.labels) == (tree.modifier.type == nodes.AggModifierType.By)
    return kept and may_have(tree.expr, label)


def _binary_may_have(tree: nodes.BinaryExpr, label: str) -> bool:
    operator = str(tree.op)
    if operator == "or":
        return may_have(tree.lhs, label) or may_have(tree.rhs, label)
    if operator in _SET_OPERATORS or is_scalar(tree.rhs):
        return may_have(tree.lhs, label)
    if is_scalar(tree.lhs):
        return may_have(tree.rhs, label)
    modifier = tree.modifier
    if modifier is None:
        return may_have(tree.lhs, label)
    if modifier.card != nodes.VectorMatchCardinality.OneToOne:
        left = modifier.card == nodes.VectorMatchCardinality.ManyToOne
        many, one = (tree.lhs, tree.rhs) if left else (tree.rhs, tree.lhs)
        return may_have(one if label in (modifier.group_labels or ()) else many, label)
    if modifier.matching is None:
        return may_have(tree.lhs, label)
    kept = (label in modifier.matching.labels) == (modifier.matching.type == nodes.LabelModifierType.Include)
    return kept and may_have(tree.lhs, label)


def _of_call(tree: nodes.Call, lookup: Lookup) -> Labels | None:
    name = tree.func.name
    if name in _ABSENCE:
        return _of_absence(tree.args[0])
    if name in _UNLABELLED or not tree.args:
        return _NONE
    if name == "info":
        return None  # adds labels of another metric
    found = result_labels(tree.args[-1 if name in _LAST else 0], lookup)
    if found is None:
        return None
    if name in ("label_replace", "label_join"):
        target = tree.args[1]
        return found | {target.val} if isinstance(target, nodes.StringLiteral) else None
    return found - {"le"} if name in ("histogram_quantile", "histogram_fraction") else found


def _of_absence(argument: nodes.Expr) -> Labels:
    """A selector's `=` matchers on labels with only one matcher; nothing for any other expression."""
    while isinstance(argument, nodes.ParenExpr):
        argument = argument.expr
    if isinstance(argument, nodes.MatrixSelector):
        argument = argument.vector_selector
    if not isinstance(argument, nodes.VectorSelector):
        return _NONE
    matchers = [one for one in argument.matchers.matchers if one.name != "__name__"]
    names = [one.name for one in matchers]
    return frozenset(
        one.name for one in matchers if one.op == nodes.MatchOp.Equal and one.value and names.count(one.name) == 1
    )


def _of_aggregation(tree: nodes.AggregateExpr, lookup: Lookup) -> Labels | None:
    found = result_labels(tree.expr, lookup)
    operator = str(tree.op)
    if operator in _CHOOSING:
        return found
    more: Labels = _NONE
    if operator == "count_values" and isinstance(tree.param, nodes.StringLiteral):
        more = frozenset({tree.param.val})
    if tree.modifier is None:
        return more
    named = frozenset(tree.modifier.labels)
    if tree.modifier.type == nodes.AggModifierType.By:
        return (named if found is None else named & found) | more
    return None if found is None else (found - named) | more


def _of_binary(tree: nodes.BinaryExpr, lookup: Lookup) -> Labels | None:
    left, right = result_labels(tree.lhs, lookup), result_labels(tree.rhs, lookup)
    operator = str(tree.op)
    if operator == "or":
        return None if left is None or right is None else left | right
    if operator in _SET_OPERATORS or is_scalar(tree.rhs):
        return left
    if is_scalar(tree.lhs):
        return right
    return left if tree.modifier is None else _matched(left, right, tree.modifier)


def _matched(left: Labels | None, right: Labels | None, modifier: nodes.BinModifier) -> Labels | None:
    """Labels after vector matching: those matched on, or those of the "many" side plus the `group` labels."""
    group = frozenset(modifier.group_labels or ())
    if modifier.card == nodes.VectorMatchCardinality.ManyToOne:
        return _grouped(left, right, group)
    if modifier.card == nodes.VectorMatchCardinality.OneToMany:
        return _grouped(right, left, group)
    if modifier.matching is None:
        return left
    named = frozenset(modifier.matching.labels)
    if modifier.matching.type == nodes.LabelModifierType.Include:
        return named if left is None else named & left
    return None if left is None else left - named


def _grouped(many: Labels | None, one: Labels | None, group: Labels) -> Labels | None:
    """The labels of `many`, with those in `group` taken from `one`: a label that `one` lacks is removed."""
    if many is None:
        return None
    return (many - group) | (group if one is None else group & one)


def is_scalar(tree: nodes.Expr) -> bool:
    """Whether an expression is a scalar rather than a vector."""
    match tree:
        case nodes.NumberLiteral() | nodes.StringLiteral():
            return True
        case nodes.ParenExpr() | nodes.UnaryExpr():
            return is_scalar(tree.expr)
        case nodes.BinaryExpr():
            return is_scalar(tree.lhs) and is_scalar(tree.rhs)
        case nodes.Call():
            return tree.func.name in _SCALARS
        case _:
            return False
