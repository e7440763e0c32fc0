"""Reading PromQL: the selectors of a query, and the labels that its result can have.

Parsed with promql-parser, a port of Prometheus' own grammar (GreptimeTeam); nothing here judges, the checks do.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import promql_parser as parser
import re2

Labels = frozenset[str]
# What is known of a name: its labels, or None when that cannot be said.
Lookup = Callable[[str], Labels | None]

_SET_OPERATORS = frozenset({"and", "or", "unless"})
# These choose among the series and keep their labels.
_CHOOSING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector of a query.

    Attributes:
        name: metric name; empty when the selector has none.
        labels: labels that it matches on, `__name__` aside.
        absent: labels that must be empty or absent (`{x=""}`).
        needed: labels without which nothing matches: `x="a"` needs x, and `x!="a"` does not.
        job: the one job that it matches; empty when it names none, or a pattern.
        window: seconds of its range; 0 for an instant selector.
        function: the function directly around it, such as `rate`; empty when there is none.
        matchers: all of them, `__name__` aside, in the order of the text.
    """

    name: str
    labels: Labels
    absent: Labels
    needed: Labels
    job: str
    window: float
    function: str
    matchers: tuple[parser.Matcher, ...]


@functools.lru_cache(maxsize=16384)
def parse(text: str) -> parser.Expr:
    """The tree of a query.

    Raises:
        ValueError: Prometheus would not accept it; the message says why.
    """
    # A text that nests deeper than any rule would exhaust the parser's own stack.
    if max(text.count(sign) for sign in "([{-") > _DEEPEST:
        raise ValueError("the query nests too deeply")
    tree: parser.Expr = parser.parse(text)
    return tree


_DEEPEST = 500


def selectors(tree: parser.Expr, function: str = "") -> Iterator[Selector]:
    """All selectors, in the order of the text."""
    match tree:
        case parser.VectorSelector():
            yield _selector(tree, 0, function)
        case parser.MatrixSelector():
            yield _selector(tree.vector_selector, tree.range.total_seconds(), function)
        case parser.SubqueryExpr():
            # The window is the subquery's; what it is made of is read point by point.
            yield from selectors(tree.expr)
        case parser.Call():
            for argument in tree.args:
                yield from selectors(argument, tree.func.name)
        case parser.AggregateExpr():
            if tree.param is not None:
                yield from selectors(tree.param)
            yield from selectors(tree.expr)
        case parser.BinaryExpr():
            yield from selectors(tree.lhs)
            yield from selectors(tree.rhs)
        case parser.ParenExpr():
            yield from selectors(tree.expr, function)
        case parser.UnaryExpr():
            yield from selectors(tree.expr)
        case _:
            return


def _selector(tree: parser.VectorSelector, window: float, function: str) -> Selector:
    matchers = [one for one in tree.matchers.matchers if one.name != "__name__"]
    return Selector(
        name=tree.name or "",
        labels=frozenset(one.name for one in matchers),
        absent=frozenset(one.name for one in matchers if one.op == parser.MatchOp.Equal and not one.value),
        needed=frozenset(one.name for one in matchers if not _matches_nothing(one)),
        job=next((one.value for one in matchers if one.name == "job" and one.op == parser.MatchOp.Equal), ""),
        window=window,
        function=function,
        matchers=tuple(matchers),
    )


def _matches_nothing(matcher: parser.Matcher) -> bool:
    """Whether a matcher lets a series pass that has no such label, which to Prometheus is an empty value."""
    match matcher.op:
        case parser.MatchOp.Equal:
            return not matcher.value
        case parser.MatchOp.NotEqual:
            return bool(matcher.value)
        case _:
            # Prometheus anchors its patterns.
            try:
                empty = re2.fullmatch(matcher.value, "") is not None
            except re2.error:
                return True  # the grammar took it, so it is not for us to say
            return empty if matcher.op == parser.MatchOp.Re else not empty


def has_comparison(tree: parser.Expr) -> bool:
    """Whether a comparison can empty the result, so that an alert on it does not always fire.

    `absent()`, and `unless`, empty it as well; a comparison with `bool` does not.
    """
    match tree:
        case parser.BinaryExpr():
            operator = str(tree.op)
            if operator == "or":
                return has_comparison(tree.lhs) and has_comparison(tree.rhs)
            if operator in ("and", "unless"):
                return operator == "unless" or has_comparison(tree.lhs) or has_comparison(tree.rhs)
            if operator in _COMPARISONS:
                return not (tree.modifier and tree.modifier.return_bool)
            return has_comparison(tree.lhs) or has_comparison(tree.rhs)
        case parser.Call():
            return tree.func.name in _EMPTYING or any(has_comparison(argument) for argument in tree.args)
        case parser.AggregateExpr() | parser.ParenExpr() | parser.UnaryExpr() | parser.SubqueryExpr():
            return has_comparison(tree.expr)
        case _:
            return False


_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_EMPTYING = frozenset({"absent", "absent_over_time"})


def result_labels(tree: parser.Expr, lookup: Lookup) -> Labels | None:
    """The labels that a result can have, the name aside; None when that cannot be said."""
    match tree:
        case parser.VectorSelector():
            known = lookup(tree.name or "")
            return None if known is None else known - _selector(tree, 0, "").absent
        case parser.MatrixSelector():
            return result_labels(tree.vector_selector, lookup)
        case parser.ParenExpr() | parser.UnaryExpr() | parser.SubqueryExpr():
            return result_labels(tree.expr, lookup)
        case parser.Call():
            return _of_call(tree, lookup)
        case parser.AggregateExpr():
            return _of_aggregation(tree, lookup)
        case parser.BinaryExpr():
            return _of_binary(tree, lookup)
        case _:
            return frozenset()


def _of_call(tree: parser.Call, lookup: Lookup) -> Labels | None:
    name = tree.func.name
    vectors = [one for one in tree.args if not isinstance(one, (parser.NumberLiteral, parser.StringLiteral))]
    if name in _EMPTYING:
        inner = next(selectors(tree.args[0]), None)
        return inner.labels if inner else frozenset()
    if name in ("vector", "time", "scalar", "pi") or not vectors:
        return frozenset()
    found = result_labels(vectors[-1] if name.startswith("histogram_quantile") else vectors[0], lookup)
    if found is None:
        return None
    if name in ("label_replace", "label_join"):
        target = tree.args[1]
        return found | {target.val} if isinstance(target, parser.StringLiteral) else None
    return found - {"le"} if name.startswith("histogram_") else found


def _of_aggregation(tree: parser.AggregateExpr, lookup: Lookup) -> Labels | None:
    found = result_labels(tree.expr, lookup)
    operator = str(tree.op)
    if operator in _CHOOSING:
        return found
    more: Labels = frozenset()
    if operator == "count_values" and isinstance(tree.param, parser.StringLiteral):
        more = frozenset({tree.param.val})
    if tree.modifier is None:
        return more
    named = frozenset(tree.modifier.labels)
    if tree.modifier.type == parser.AggModifierType.By:
        return (named if found is None else named & found) | more
    return None if found is None else (found - named) | more


def _of_binary(tree: parser.BinaryExpr, lookup: Lookup) -> Labels | None:
    left, right = result_labels(tree.lhs, lookup), result_labels(tree.rhs, lookup)
    operator = str(tree.op)
    if operator == "or":
        return None if left is None or right is None else left | right
    if operator in _SET_OPERATORS or is_scalar(tree.rhs):
        return left
    if is_scalar(tree.lhs):
        return right
    modifier = tree.modifier
    if modifier is None:
        return left
    group = frozenset(modifier.group_labels or ())
    if modifier.card == parser.VectorMatchCardinality.ManyToOne:
        return None if left is None else left | group
    if modifier.card == parser.VectorMatchCardinality.OneToMany:
        return None if right is None else right | group
    if modifier.matching is None:
        return left
    named = frozenset(modifier.matching.labels)
    if modifier.matching.type == parser.LabelModifierType.Include:
        return named if left is None else named & left
    return None if left is None else left - named


def is_scalar(tree: parser.Expr) -> bool:
    """Whether an expression is a number without labels rather than a vector."""
    match tree:
        case parser.NumberLiteral() | parser.StringLiteral():
            return True
        case parser.ParenExpr() | parser.UnaryExpr():
            return is_scalar(tree.expr)
        case parser.BinaryExpr():
            return is_scalar(tree.lhs) and is_scalar(tree.rhs)
        case parser.Call():
            return tree.func.name in ("time", "scalar", "pi")
        case _:
            return False
