"""Rendering a syntax tree as a query, whole or with parts of it replaced."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from boxwatch.promql import nodes

# The text to write instead of a node; None to render the node itself.
Replace = Callable[[nodes.Expr], str | None]
# The text of a node, given the node and its text so far.
Change = Callable[[nodes.Expr, str], str]
# Seconds of a range, an offset or a step, given those that are written.
Durations = Callable[[float], float]
# Integers up to it are exact as floating point numbers.
_EXACT: Final = 1e15


def unchanged(_: nodes.Expr) -> str | None:
    """Replaces nothing."""
    return None


def render(
    tree: nodes.Expr,
    replace: Replace = unchanged,
    *,
    change: Change = lambda _, text: text,
    durations: Durations = lambda seconds: seconds,
) -> str:
    """A query on one line that parses to the same tree.

    The parser's own `str` drops milliseconds from ranges and backslashes from strings, so its text may mean something
    else.

    Args:
        tree: the syntax tree.
        replace: asked for every node, outermost first. A replacement is written as it is, so it needs its own
            parentheses where it stands in an operation.
        change: changes the text of each node that is not replaced, innermost first.
        durations: changes each range, offset and step.
    """
    return _Renderer(replace, change, durations).text(tree)


@dataclass(frozen=True, slots=True)
class _Renderer:
    replace: Replace
    change: Change
    durations: Durations

    def text(self, tree: nodes.Expr) -> str:
        """The text of a node and everything below it."""
        instead = self.replace(tree)
        return self.change(tree, self._own(tree)) if instead is None else instead

    def _own(self, tree: nodes.Expr) -> str:
        match tree:
            case nodes.NumberLiteral():
                found = _number(tree.val)
            case nodes.StringLiteral():
                found = quoted(tree.val)
            case nodes.VectorSelector() if tree.matchers.or_matchers:
                found = selector(tree)
            case nodes.VectorSelector():
                found = selector(tree, suffix=False) + suffix(tree, self.durations)
            case nodes.MatrixSelector():
                vector = tree.vector_selector
                window = self._duration(tree.range.total_seconds())
                found = f"{selector(vector, suffix=False)}[{window}]{suffix(vector, self.durations)}"
            case nodes.ParenExpr():
                found = f"({self.text(tree.expr)})"
            case nodes.UnaryExpr():
                found = f"-{self.text(tree.expr)}"
            case nodes.Call():
                found = f"{tree.func.name}({', '.join(map(self.text, tree.args))})"
            case nodes.AggregateExpr():
                parameter = "" if tree.param is None else f"{self.text(tree.param)}, "
                grouping = f" {tree.modifier} " if tree.modifier else ""
                found = f"{tree.op}{grouping}({parameter}{self.text(tree.expr)})"
            case nodes.BinaryExpr():
                written = str(tree.modifier) if tree.modifier else ""
                modifier = f" {written}" if written else ""
                found = f"{self.text(tree.lhs)} {tree.op}{modifier} {self.text(tree.rhs)}"
            case nodes.SubqueryExpr():
                step = self._duration(tree.step.total_seconds()) if tree.step else ""
                window = self._duration(tree.range.total_seconds()) if tree.range else ""
                found = f"{self.text(tree.expr)}[{window}:{step}]{suffix(tree, self.durations)}"
            case _:
                found = tree.prettify()
        return found

    def _duration(self, seconds: float) -> str:
        return duration(self.durations(seconds))


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return repr(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)


def selector(
    tree: nodes.VectorSelector, matchers: Sequence[nodes.Matcher] | None = None, *, suffix: bool = True
) -> str:
    """A selector with other matchers than its own, and with or without its `offset` and `@`."""
    if matchers is None and tree.matchers.or_matchers:
        return tree.prettify() if suffix else tree.prettify().removesuffix(_suffix(tree))
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


def suffix(tree: nodes.VectorSelector | nodes.SubqueryExpr, durations: Durations = lambda seconds: seconds) -> str:
    """` @ end() offset 5m`, as far as it is there."""
    at = f" {tree.at}" if tree.at is not None else ""
    seconds = tree.offset.total_seconds() if tree.offset is not None else 0
    if not seconds:
        return at
    return f"{at} offset {'-' if seconds < 0 else ''}{duration(durations(abs(seconds)))}"


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
