"""Rendering a syntax tree as a query, whole or with parts of it replaced."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from boxwatch.promql import nodes

# The text to write instead of a node; None to render the node itself.
Replace = Callable[[nodes.Expr], str | None]


def unchanged(_: nodes.Expr) -> str | None:
    """Replaces nothing."""
    return None


def render(tree: nodes.Expr, replace: Replace = unchanged) -> str:
    """A query on one line that parses to the same tree.

    Args:
        tree: the syntax tree.
        replace: asked for every node, outermost first. A replacement is written as it is, so it needs its own
            parentheses where it stands in an operation.
    """
    instead = replace(tree)
    if instead is not None:
        return instead
    match tree:
        case nodes.VectorSelector():
            return selector(tree)
        case nodes.MatrixSelector():
            vector = tree.vector_selector
            bare = selector(vector, suffix=False)
            return f"{bare}[{duration(tree.range.total_seconds())}]{suffix(vector)}"
        case nodes.ParenExpr():
            return f"({render(tree.expr, replace)})"
        case nodes.UnaryExpr():
            return f"-{render(tree.expr, replace)}"
        case nodes.Call():
            return f"{tree.func.name}({', '.join(render(each, replace) for each in tree.args)})"
        case nodes.AggregateExpr():
            parameter = "" if tree.param is None else f"{render(tree.param, replace)}, "
            grouping = f" {tree.modifier} " if tree.modifier else ""
            return f"{tree.op}{grouping}({parameter}{render(tree.expr, replace)})"
        case nodes.BinaryExpr():
            written = str(tree.modifier) if tree.modifier else ""
            modifier = f" {written}" if written else ""
            return f"{render(tree.lhs, replace)} {tree.op}{modifier} {render(tree.rhs, replace)}"
        case nodes.SubqueryExpr():
            step = duration(tree.step.total_seconds()) if tree.step else ""
            window = duration(tree.range.total_seconds()) if tree.range else ""
            return f"{render(tree.expr, replace)}[{window}:{step}]{suffix(tree)}"
        case _:
            return tree.prettify()


def selector(
    tree: nodes.VectorSelector, matchers: Sequence[nodes.Matcher] | None = None, *, suffix: bool = True
) -> str:
    """A selector with other matchers than its own, and with or without its `offset` and `@`."""
    if matchers is None and tree.matchers.or_matchers:
        return tree.prettify() if suffix else tree.prettify().removesuffix(f" {_suffix(tree)}".rstrip())
    own = tree.matchers.matchers if matchers is None else matchers
    inside = ",".join(map(matcher, own))
    made = f"{tree.name or ''}{{{inside}}}" if inside or not tree.name else tree.name
    return made + _suffix(tree) if suffix else made


def matcher(one: nodes.Matcher) -> str:
    """`job="redis"`."""
    match one.op:
        case nodes.MatchOp.Equal:
            sign = "="
        case nodes.MatchOp.NotEqual:
            sign = "!="
        case nodes.MatchOp.Re:
            sign = "=~"
        case _:
            sign = "!~"
    return f"{one.name}{sign}{quoted(one.value)}"


def suffix(tree: nodes.VectorSelector | nodes.SubqueryExpr) -> str:
    """` @ end() offset 5m`, as far as it is there."""
    at = f" {tree.at}" if tree.at is not None else ""
    seconds = tree.offset.total_seconds() if tree.offset is not None else 0
    if not seconds:
        return at
    return f"{at} offset {'-' if seconds < 0 else ''}{duration(abs(seconds))}"


_suffix = suffix


def duration(seconds: float) -> str:
    """A duration as PromQL: `90s`, `1500ms`."""
    milliseconds = round(seconds * 1000)
    for unit, length in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % length == 0:
            return f"{milliseconds // length}{unit}"
    return f"{milliseconds}ms"


def quoted(value: str) -> str:
    """A string in double quotes. JSON's escapes are Go's, except for characters that JSON writes as pairs."""
    return json.dumps(value, ensure_ascii=False)
