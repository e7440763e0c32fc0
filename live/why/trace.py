"""An expression evaluated part by part at one moment: the values of each part, and where series get lost."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from boxwatch.live import matching
from boxwatch.live.absence import Absence, World, is_filter
from boxwatch.live.samples import Labels, Sample, shown
from boxwatch.promql import nodes
from boxwatch.promql.labels import is_scalar
from boxwatch.promql.parse import tree_of
from boxwatch.promql.render import render

_MOST = 5
_DEEPEST = 6
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """One part of an expression.

    Attributes:
        expr: the part, as PromQL on one line.
        samples: its result, of the labels that are asked about.
        losses: sentences that say which series get lost here, and why.
        parts: its own parts.
        rule: whether `parts` is the expression of the rule that records the series.
    """

    expr: str
    samples: tuple[Sample, ...]
    losses: tuple[str, ...] = ()
    parts: tuple[Step, ...] = ()
    rule: bool = False

    @property
    def holds(self) -> bool:
        """Whether it has a result."""
        return bool(self.samples)


class Tracer:
    """Evaluates expressions in one world, of the series with some labels."""

    def __init__(self, world: World, labels: Labels, *, expand: bool = False) -> None:
        """Nothing is asked yet.

        Args:
            world: the server and the time.
            labels: series with another value of one of these labels are left out.
            expand: follow recorded series into the rules that record them.
        """
        self._world, self._labels, self._expand = world, labels, expand
        self._absence = Absence(world)

    def trace(self, tree: nodes.Expr, depth: int = 0) -> Step:
        """An expression with its parts.

        Raises:
            QueryError: Prometheus rejects it.
        """
        match tree:
            case nodes.ParenExpr():
                return self.trace(tree.expr, depth)
            case nodes.BinaryExpr():
                return self._binary(tree, depth)
            case nodes.Call():
                return self._call(tree, depth)
            case nodes.AggregateExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
                return Step(render(tree), self._samples(tree), (), (self.trace(tree.expr, depth),))
            case nodes.VectorSelector():
                return self._leaf(tree, depth)
            case _:
                return Step(render(tree), self._samples(tree))

    def _samples(self, tree: nodes.Expr) -> tuple[Sample, ...]:
        if isinstance(tree, nodes.MatrixSelector | nodes.SubqueryExpr):
            # The number of samples in the window says more than the samples.
            found = self._world.query(f"count_over_time({render(tree)})")
        else:
            found = self._world.query(render(tree))
        return tuple(each for each in found if self._is_asked(each.labels))

    def _is_asked(self, labels: Labels) -> bool:
        return all(labels.get(name, value) == value for name, value in self._labels.items())

    def _call(self, tree: nodes.Call, depth: int) -> Step:
        samples = self._samples(tree)
        parts = [self.trace(each, depth) for each in tree.args if not _is_constant(each)]
        losses: tuple[str, ...] = ()
        if not samples and tree.func.name in ("absent", "absent_over_time") and parts:
            losses = (f"`{parts[0].expr}` is there, so it is not absent",)
        elif not samples and all(part.holds for part in parts):
            reason = self._absence.check(tree)
            losses = (reason.message,) if reason else ()
        return Step(render(tree), samples, losses, tuple(parts))

    def _leaf(self, tree: nodes.VectorSelector, depth: int) -> Step:
        samples = self._samples(tree)
        live = self._world.rules(tree.name or "") if self._expand and depth < _DEEPEST else ()
        inner = tree_of(live[0].expr) if live else None
        parts = (self.trace(inner, depth + 1),) if inner is not None else ()
        if samples:
            return Step(render(tree), samples, (), parts, rule=bool(parts))
        reason = self._absence.check(tree)
        if reason is not None:
            return Step(render(tree), (), (reason.message,), parts, rule=bool(parts))
        asked = shown(self._labels)
        return Step(render(tree), (), (f"none of its series has {asked}",), parts, rule=bool(parts))

    def _binary(self, tree: nodes.BinaryExpr, depth: int) -> Step:
        left, right = self.trace(tree.lhs, depth), self.trace(tree.rhs, depth)
        samples = self._samples(tree)
        operation = str(tree.op)
        if operation == "or":
            return Step(render(tree), samples, (), (left, right))
        losses: list[str]
        if operation == "unless":
            losses = _excluded(left.samples, right.samples, tree.modifier)
        elif is_filter(tree):
            losses = self._compared(tree, left, right)
        else:
            losses = _unmatched(tree, left, right)
        return Step(render(tree), samples, _cut(losses), _shown(tree, left, right))

    def _compared(self, tree: nodes.BinaryExpr, left: Step, right: Step) -> list[str]:
        """The pairs for which a comparison is false, the closest first, and the series without partner."""
        false: list[tuple[float, str]] = []
        for one, other in _pairs(tree, left.samples, right.samples):
            if not _OPERATORS[str(tree.op)](one.value, other.value):
                distance = abs(one.value - other.value)
                labels = shown(other.labels if is_scalar(tree.lhs) else one.labels)
                by = f" by {number(distance)}" if math.isfinite(distance) and distance else ""
                text = f"{number(one.value)} {tree.op} {number(other.value)} is false{by}"
                false.append((distance if math.isfinite(distance) else math.inf, f"{labels}: {text}"))
        return [text for _, text in sorted(false)] + _unmatched(tree, left, right)


def _pairs(tree: nodes.BinaryExpr, left: Sequence[Sample], right: Sequence[Sample]) -> list[tuple[Sample, Sample]]:
    if is_scalar(tree.rhs) or is_scalar(tree.lhs):
        return [(one, other) for one in left for other in right]
    there: dict[frozenset[tuple[str, str]], list[Sample]] = {}
    for other in right:
        there.setdefault(matching.key(other.labels, tree.modifier), []).append(other)
    return [(one, other) for one in left for other in there.get(matching.key(one.labels, tree.modifier), ())]


def _unmatched(tree: nodes.BinaryExpr, left: Step, right: Step) -> list[str]:
    """The series of the left side without partner, with the label that differs."""
    if is_scalar(tree.lhs) or is_scalar(tree.rhs) or not left.samples or not right.samples:
        return []
    lost = matching.without_partner(left.samples, right.samples, tree.modifier)
    return [
        f"{shown(one.labels)} has no partner: {matching.difference(one.labels, right.samples, tree.modifier)}"
        for one in lost
    ]


def _excluded(left: Sequence[Sample], right: Sequence[Sample], modifier: nodes.BinModifier | None) -> list[str]:
    there = {matching.key(other.labels, modifier): other for other in right}
    found = ((one, there.get(matching.key(one.labels, modifier))) for one in left)
    return [f"{shown(one.labels)} is excluded by {shown(other.labels)}" for one, other in found if other is not None]


def _shown(tree: nodes.BinaryExpr, left: Step, right: Step) -> tuple[Step, ...]:
    """The sides of an operation, without numbers: they are read in the expression."""
    sides = ((tree.lhs, left), (tree.rhs, right))
    return tuple(step for side, step in sides if not isinstance(side, nodes.NumberLiteral))


def _cut(losses: Sequence[str]) -> tuple[str, ...]:
    rest = len(losses) - _MOST
    return tuple(losses) if rest <= 0 else (*losses[:_MOST], f"and {rest} more")


def _is_constant(tree: nodes.Expr) -> bool:
    return isinstance(tree, nodes.NumberLiteral | nodes.StringLiteral)


def number(value: float) -> str:
    """A number with four digits, and thousands for large ones: `0.7213`, `1,024`, `NaN`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == round(value) and abs(value) < 1e15:  # noqa: PLR2004 - exact as a float
        return f"{int(value):,}"
    return f"{value:.4g}"


def cause(step: Step) -> str:
    """Why a part has no result: the first part of it that has none, down to where the series get lost."""
    if step.holds:
        return ""
    empty = [part for part in step.parts if not part.holds]
    if " or " in step.expr and len(empty) > 1 and not step.losses:
        return "; ".join(filter(None, (cause(part) for part in empty)))
    if empty and not step.rule:
        return cause(empty[0])
    if not step.losses:
        return f"`{step.expr}` has no result although its parts have"
    more = f" (and {len(step.losses) - 1} more)" if len(step.losses) > 1 else ""
    return f"in `{step.expr}`, {step.losses[0]}{more}"
