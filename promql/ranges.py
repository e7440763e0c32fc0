"""The values that a query's samples can have, as an interval: a count is never 0, a rate is never negative."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from boxwatch.promql import nodes

# Smallest and largest value, both included. NaN is not considered: no comparison but != is true for it.
Range = tuple[float, float]
OfMetric = Callable[[str], Range]

_INFINITE: Final = math.inf
ANY: Final[Range] = (-_INFINITE, _INFINITE)
POSITIVE: Final[Range] = (0.0, _INFINITE)
_BOOLEAN: Final[Range] = (0.0, 1.0)
_ONE: Final[Range] = (1.0, 1.0)
_COUNTED: Final[Range] = (1.0, _INFINITE)
# https://prometheus.io/docs/prometheus/latest/querying/functions/
_OF_FUNCTION: Final[Mapping[str, Range]] = MappingProxyType(
    {
        **dict.fromkeys(("rate", "irate", "increase", "changes", "resets", "time", "timestamp"), POSITIVE),
        **dict.fromkeys(("abs", "sqrt", "exp", "stddev_over_time", "stdvar_over_time"), POSITIVE),
        **dict.fromkeys(("absent", "absent_over_time", "present_over_time"), _ONE),
        "count_over_time": _COUNTED,
        "sgn": (-1.0, 1.0),
        "minute": (0.0, 59.0),
        "hour": (0.0, 23.0),
        "day_of_week": (0.0, 6.0),
        "day_of_month": (1.0, 31.0),
        "day_of_year": (1.0, 366.0),
        "days_in_month": (28.0, 31.0),
        "month": (1.0, 12.0),
    }
)
# The values are some of those of the argument.
_KEEPING: Final = frozenset(
    {"avg_over_time", "min_over_time", "max_over_time", "last_over_time", "first_over_time", "sort", "sort_desc"}
    | {"sort_by_label", "sort_by_label_desc", "label_replace", "label_join", "vector", "scalar"}
)
_ROUNDING: Final = MappingProxyType({"ceil": math.ceil, "floor": math.floor})
_KEEPING_AGGREGATIONS: Final = frozenset({"avg", "min", "max", "topk", "bottomk", "limitk", "limit_ratio"})
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})


def values(tree: nodes.Expr, of_metric: OfMetric) -> Range:
    """The interval of a result's values; ANY where nothing is known."""
    match tree:
        case nodes.NumberLiteral():
            return ANY if math.isnan(tree.val) else (tree.val, tree.val)
        case nodes.VectorSelector():
            return of_metric(tree.name or "")
        case nodes.MatrixSelector():
            return of_metric(tree.vector_selector.name or "")
        case nodes.ParenExpr() | nodes.SubqueryExpr():
            return values(tree.expr, of_metric)
        case nodes.UnaryExpr():
            low, high = values(tree.expr, of_metric)
            return -high, -low
        case nodes.Call():
            return _of_call(tree, of_metric)
        case nodes.AggregateExpr():
            return _of_aggregation(tree, of_metric)
        case nodes.BinaryExpr():
            return _of_binary(tree, of_metric)
        case _:
            return ANY


def _of_call(tree: nodes.Call, of_metric: OfMetric) -> Range:
    name = tree.func.name
    if name in _OF_FUNCTION:
        return _OF_FUNCTION[name]
    if not tree.args:
        return ANY
    inner = values(tree.args[0], of_metric)
    if name in _KEEPING:
        return inner
    if name in _ROUNDING:
        low, high = (end if math.isinf(end) else float(_ROUNDING[name](end)) for end in inner)
        return low, high
    if name == "sum_over_time":
        return _summed(inner)
    if name in ("clamp_min", "clamp_max", "clamp") and len(tree.args) > 1:
        return _clamped(name, inner, [values(argument, of_metric) for argument in tree.args[1:]])
    return ANY


def _clamped(name: str, inner: Range, limits: list[Range]) -> Range:
    low, high = inner
    if name != "clamp_max":
        low, high = max(low, limits[0][0]), max(high, limits[0][1])
    if name != "clamp_min":
        low, high = min(low, limits[-1][0]), min(high, limits[-1][1])
    return low, high


def _summed(inner: Range) -> Range:
    """The sum of one or more values."""
    low, high = inner
    return (low if low >= 0 else -_INFINITE), (high if high <= 0 else _INFINITE)


def _of_aggregation(tree: nodes.AggregateExpr, of_metric: OfMetric) -> Range:
    operator = str(tree.op)
    inner = values(tree.expr, of_metric)
    if operator in _KEEPING_AGGREGATIONS:
        return inner
    if operator == "sum":
        return _summed(inner)
    return {"count": _COUNTED, "count_values": _COUNTED, "group": _ONE, "stddev": POSITIVE, "stdvar": POSITIVE}.get(
        operator, ANY
    )


def _of_binary(tree: nodes.BinaryExpr, of_metric: OfMetric) -> Range:
    operator = str(tree.op)
    left, right = values(tree.lhs, of_metric), values(tree.rhs, of_metric)
    if operator == "or":
        return min(left[0], right[0]), max(left[1], right[1])
    if operator in ("and", "unless"):
        return left
    if operator in _COMPARISONS:
        return _BOOLEAN if tree.modifier and tree.modifier.return_bool else left
    corners: tuple[float, ...] = ()
    if operator in ("+", "-"):
        sign = 1 if operator == "+" else -1
        other = right if sign > 0 else (-right[1], -right[0])
        corners = (left[0] + other[0], left[1] + other[1])
    elif operator == "*":
        corners = tuple(0.0 if 0 in (a, b) else a * b for a in left for b in right)
    elif operator == "/" and right[0] == right[1] and right[0] != 0 and math.isfinite(right[0]):
        corners = (left[0] / right[0], left[1] / right[0])
    elif operator == "/" and left[0] >= 0 and right[0] >= 0:
        return POSITIVE
    if not corners or any(map(math.isnan, corners)):
        return ANY
    return min(corners), max(corners)


def never(operator: str, left: Range, right: Range) -> bool:
    """Whether a comparison of values of two intervals is never true."""
    match operator:
        case ">":
            return left[1] <= right[0]
        case ">=":
            return left[1] < right[0]
        case "<":
            return left[0] >= right[1]
        case "<=":
            return left[0] > right[1]
        case "==":
            return left[1] < right[0] or left[0] > right[1]
        case _:
            return operator == "!=" and left[0] == left[1] == right[0] == right[1]


_OPPOSITE: Final[Mapping[str, str]] = MappingProxyType(
    {">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "!=": "=="}
)


def always(operator: str, left: Range, right: Range) -> bool:
    """Whether a comparison of values of two intervals is always true."""
    return never(_OPPOSITE[operator], left, right)
