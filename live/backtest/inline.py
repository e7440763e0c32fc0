"""Expansion of recorded series that the history lacks: a selector is replaced by the expression that records it.

At one moment both give the same, if the rule is evaluated then: labels that the rule sets are added, matchers are
applied to the result, `offset` moves into the expression, and a range becomes a subquery at the rule's interval. A real
rule is evaluated up to an interval earlier, which nobody can know of a rule that was not loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import re2

from boxwatch.errors import BoxwatchError
from boxwatch.promql import nodes
from boxwatch.promql.parse import parse
from boxwatch.promql.render import duration, quoted, render, selector, suffix
from boxwatch.promql.walk import every

# A label for the time of one operation; `and on (…)` needs one.
_MARK = "boxwatch_kept"
_MARKED = f'label_replace(vector(1), "{_MARK}", "1", "", "")'
_LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording rule.

    Attributes:
        record: its name.
        expr: its expression.
        labels: labels that it sets.
        interval: seconds between its evaluations.
    """

    record: str
    expr: str
    labels: Mapping[str, str]
    interval: float


Records = Mapping[str, Sequence[Recorded]]


def used(expr: str, records: Records) -> frozenset[str]:
    """The recorded series that an expression reads, directly or through others.

    Raises:
        ValueError: an expression does not parse.
    """
    found: set[str] = set()
    rest = [expr]
    while rest:
        for name in _names(rest.pop()) & records.keys() - found:
            found.add(name)
            rest += [each.expr for each in records[name]]
    return frozenset(found)


def levels(needed: Collection[str], records: Records) -> tuple[tuple[str, ...], ...]:
    """The recorded series in levels: each reads those of lower levels only. Series that read each other come last."""
    reads = {name: {other for each in records[name] for other in _names(each.expr)} & set(needed) for name in needed}
    done: set[str] = set()
    found: list[tuple[str, ...]] = []
    while ready := tuple(sorted(name for name in reads.keys() - done if reads[name] <= done)):
        found.append(ready)
        done |= set(ready)
    rest = tuple(sorted(reads.keys() - done))
    return (*found, rest) if rest else tuple(found)


def _names(expr: str) -> set[str]:
    return {node.name or "" for node in every(parse(expr)) if isinstance(node, nodes.VectorSelector)}


def expand(expr: str, records: Records, lacking: Collection[str]) -> str:
    """The expression with every series in `lacking` replaced by the expression that records it.

    Raises:
        BoxwatchError: a rule reads itself, or the result is too large.
        ValueError: an expression does not parse.
    """
    return _Expander(records, frozenset(lacking)).expanded(parse(expr), ())


class _Expander:
    """Expands each recorded series once."""

    def __init__(self, records: Records, lacking: frozenset[str]) -> None:
        self._records, self._lacking = records, lacking
        self._known: dict[str, str] = {}

    def expanded(self, tree: nodes.Expr, inside: tuple[str, ...]) -> str:
        """An expression; `inside` are the records whose rules it is part of."""

        def instead(node: nodes.Expr) -> str | None:
            match node:
                case nodes.VectorSelector() if node.name in self._lacking:
                    return _matched(_moved(self._recorded(node.name or "", inside), node), node)
                case nodes.MatrixSelector() if node.vector_selector.name in self._lacking:
                    vector = node.vector_selector
                    name = vector.name or ""
                    step = duration(self._records[name][0].interval)
                    inner = _matched(self._recorded(name, inside), vector)
                    return f"{inner}[{duration(node.range.total_seconds())}:{step}]{suffix(vector)}"
                case nodes.Call() if node.func.name in ("absent", "absent_over_time"):
                    reads = _reads(node.args[0], self._lacking)
                    return _absent(node, render(node.args[0], instead)) if reads else None
                case _:
                    return None

        made = render(tree, instead)
        if len(made) > _LONGEST:
            raise BoxwatchError(f"expanding its recorded series gives a query of {len(made):,} characters or more")
        return made

    def _recorded(self, name: str, inside: tuple[str, ...]) -> str:
        """The series as their rules would record them now, in parentheses."""
        if name in inside:
            raise BoxwatchError(f"the rule that records {name} reads itself, so it cannot be expanded")
        if name not in self._known:
            parts = []
            for rule in self._records[name]:
                text = self.expanded(parse(rule.expr), (*inside, name))
                for label, value in rule.labels.items():
                    text = f'label_replace({text}, {quoted(label)}, {quoted(value.replace("$", "$$"))}, "", "")'
                parts.append(f"({text})")
            self._known[name] = parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"
        return self._known[name]


def _matched(text: str, vector: nodes.VectorSelector) -> str:
    """The series that the selector's matchers select."""
    if vector.matchers.or_matchers:
        raise BoxwatchError(f"`{selector(vector)}` cannot be expanded: it has alternative matchers")
    for one in vector.matchers.matchers:
        if one.name == "__name__":
            continue
        exact = one.op in (nodes.MatchOp.Equal, nodes.MatchOp.NotEqual)
        pattern = re2.escape(one.value) if exact else one.value
        marked = f'label_replace({text}, "{_MARK}", "1", {quoted(one.name)}, {quoted(pattern)})'
        if one.op in (nodes.MatchOp.Equal, nodes.MatchOp.Re):
            text = f'label_replace({marked} and on ({_MARK}) {_MARKED}, "{_MARK}", "", "", "")'
        else:
            text = f"({marked} unless on ({_MARK}) {_MARKED})"
    return text


def _moved(text: str, vector: nodes.VectorSelector) -> str:
    """The expression at the selector's `offset`, which moves to each selector in it."""
    if vector.at is not None:
        raise BoxwatchError(f"`{selector(vector)}` cannot be expanded: it is fixed to a moment with @")
    if vector.offset is None or not vector.offset.total_seconds():
        return text
    seconds = vector.offset.total_seconds()

    def instead(node: nodes.Expr) -> str | None:
        match node:
            case nodes.VectorSelector():
                return selector(node, suffix=False) + _offset(node, seconds)
            case nodes.MatrixSelector():
                inner = node.vector_selector
                bare = selector(inner, suffix=False)
                return f"{bare}[{duration(node.range.total_seconds())}]{_offset(inner, seconds)}"
            case nodes.SubqueryExpr():
                step = duration(node.step.total_seconds()) if node.step else ""
                window = duration(node.range.total_seconds()) if node.range else ""
                # What is inside moves with the window.
                return f"{render(node.expr)}[{window}:{step}]{_offset(node, seconds)}"
            case nodes.Call() if node.func.name == "time":
                return f"(time() - {seconds:g})"
            case _:
                return None

    return f"({render(parse(text), instead)})"


def _offset(node: nodes.VectorSelector | nodes.SubqueryExpr, more: float) -> str:
    if node.at is not None:
        raise BoxwatchError(f"`{render(node)}` cannot be moved: it is fixed to a moment with @")
    seconds = (node.offset.total_seconds() if node.offset is not None else 0) + more
    if not seconds:
        return ""
    return f" offset {'-' if seconds < 0 else ''}{duration(abs(seconds))}"


def _reads(tree: nodes.Expr, lacking: frozenset[str]) -> bool:
    return any(isinstance(node, nodes.VectorSelector) and node.name in lacking for node in every(tree))


def _absent(call: nodes.Call, inside: str) -> str:
    """`absent` of an expression has no labels; of a selector it has those of its `=` matchers."""
    argument = call.args[0]
    text = f"{call.func.name}({inside})"
    vector = argument.vector_selector if isinstance(argument, nodes.MatrixSelector) else argument
    if not isinstance(vector, nodes.VectorSelector):
        return text
    matchers = [one for one in vector.matchers.matchers if one.name != "__name__"]
    names = [one.name for one in matchers]
    for one in matchers:
        if one.op == nodes.MatchOp.Equal and one.value and names.count(one.name) == 1:
            text = f'label_replace({text}, {quoted(one.name)}, {quoted(one.value.replace("$", "$$"))}, "", "")'
    return text
