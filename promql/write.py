"""Writing a syntax tree as PromQL, with each part open to a change on the way.

The parser's own `str` drops milliseconds from ranges and the backslashes of matchers, so its text may mean something
else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from math import isinf, isnan
from typing import Final

from boxwatch.promql import nodes

# The text of a node, given the node and its text so far.
Change = Callable[[nodes.Expr, str], str]
Durations = Callable[[timedelta], timedelta]
# The parser's own enumerations have no hash.
_MATCH: Final = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
_GROUP: Final = {"ManyToOne": "group_left", "OneToMany": "group_right"}
_MILLISECOND: Final = timedelta(milliseconds=1)
_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\t": r"\t", "\r": r"\r"})


def duration(length: timedelta) -> str:
    """A duration as Prometheus reads it, in whole milliseconds: `1500ms`."""
    return f"{round(length / _MILLISECOND)}ms"


def write(
    tree: nodes.Expr, *, durations: Durations = lambda length: length, change: Change = lambda _, text: text
) -> str:
    """The query of a tree.

    Args:
        tree: the syntax tree.
        durations: changes each range, offset and step.
        change: changes the text of each node, innermost first.

    Raises:
        ValueError: the tree holds something that Prometheus 2.42 does not know, such as `fill`.
    """
    return _Writer(durations, change).text(tree)


class _Writer:
    def __init__(self, durations: Durations, change: Change) -> None:
        self._durations, self._change = durations, change

    def text(self, tree: nodes.Expr) -> str:
        """The text of a node and everything below it."""
        match tree:
            case nodes.NumberLiteral():
                found = _number(tree.val)
            case nodes.StringLiteral():
                found = _quoted(tree.val)
            case nodes.ParenExpr():
                found = f"({self.text(tree.expr)})"
            case nodes.UnaryExpr():
                found = f"-{self.text(tree.expr)}"
            case nodes.VectorSelector():
                found = _selector(tree) + self._modifiers(tree)
            case nodes.MatrixSelector():
                vector = tree.vector_selector
                found = f"{_selector(vector)}[{self._duration(tree.range)}]{self._modifiers(vector)}"
            case nodes.SubqueryExpr():
                step = "" if tree.step is None else self._duration(tree.step)
                found = f"{self.text(tree.expr)}[{self._duration(tree.range)}:{step}]{self._modifiers(tree)}"
            case nodes.Call():
                found = f"{tree.func.name}({', '.join(map(self.text, tree.args))})"
            case nodes.AggregateExpr():
                found = self._aggregation(tree)
            case nodes.BinaryExpr():
                found = self._binary(tree)
            case _:
                raise ValueError(f"{type(tree).__name__} cannot be written")
        return self._change(tree, found)

    def _duration(self, length: timedelta | None) -> str:
        return duration(self._durations(length or timedelta()))

    def _modifiers(self, tree: nodes.VectorSelector | nodes.SubqueryExpr) -> str:
        found = ""
        if tree.offset:
            sign = "-" if tree.offset < timedelta() else ""
            found += f" offset {sign}{self._duration(abs(tree.offset))}"
        if tree.at is not None:
            kind = _name(tree.at.type)
            if kind == "At":
                raise ValueError("a query at a fixed time cannot be written")
            found += f" @ {kind.lower()}()"
        return found

    def _aggregation(self, tree: nodes.AggregateExpr) -> str:
        by = ""
        if tree.modifier is not None:
            word = "by" if tree.modifier.type == nodes.AggModifierType.By else "without"
            by = f" {word} ({', '.join(tree.modifier.labels)}) "
        arguments = [tree.param, tree.expr] if isinstance(tree.param, nodes.Expr) else [tree.expr]
        return f"{tree.op}{by}({', '.join(map(self.text, arguments))})"

    def _binary(self, tree: nodes.BinaryExpr) -> str:
        words = [str(tree.op)]
        modifier = tree.modifier
        if modifier is not None:
            if modifier.return_bool:
                words.append("bool")
            if modifier.fill_values.lhs is not None or modifier.fill_values.rhs is not None:
                raise ValueError("fill cannot be written for Prometheus 2.42")
            if modifier.matching is not None:
                include = modifier.matching.type == nodes.LabelModifierType.Include
                words.append(f"{'on' if include else 'ignoring'} ({', '.join(modifier.matching.labels)})")
            if group := _GROUP.get(_name(modifier.card)):
                words.append(f"{group} ({', '.join(modifier.group_labels or ())})")
        return f"{self.text(tree.lhs)} {' '.join(words)} {self.text(tree.rhs)}"


def _name(member: object) -> str:
    return str(member).rpartition(".")[2]


def _number(value: float) -> str:
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 - exact


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def _selector(tree: nodes.VectorSelector) -> str:
    if tree.matchers.or_matchers:
        raise ValueError("`or` between matchers cannot be written for Prometheus 2.42")
    matchers = [f"{one.name}{_MATCH[_name(one.op)]}{_quoted(one.value)}" for one in tree.matchers.matchers]
    if tree.name is not None:
        matchers = [one for one in matchers if not one.startswith("__name__=")]
    return f"{tree.name or ''}{{{', '.join(matchers)}}}" if matchers or not tree.name else tree.name
