"""A query can return something, and does not return something for ever.

`count(…) == 0` never holds: a count of nothing is no sample. histogram_quantile() without the label `le` returns
nothing. `rate(…) >= 0` always holds. A use divided by a limit that is 0 for "no limit" is infinite, and above any
threshold. Such a rule loads, and lies for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from boxwatch.checks.finding import Finding, Severity
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import Rule, RuleFile
from boxwatch.promql import nodes, ranges
from boxwatch.promql.labels import may_have
from boxwatch.promql.selectors import selectors
from boxwatch.promql.walk import every

ID = "constant_query"

_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
# Compared with 1 or more for readability: "there is one".
_EXISTENCE: Final = frozenset({"count", "group", "absent", "absent_over_time", "present_over_time", "count_over_time"})
# Series of Prometheus itself, for any target.
_BOOLEAN: Final = frozenset({"up", "probe_success", "probe_http_ssl"})
# 0 stands for "no limit": cAdvisor's metrics/prometheus.go and redis_exporter's README.
UNLIMITED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "container_spec_memory_limit_bytes": "a container without a limit",
        "container_spec_memory_swap_limit_bytes": "a container without a limit",
        "container_spec_memory_reservation_limit_bytes": "a container without a reservation",
        "redis_memory_max_bytes": "a Redis without maxmemory",
        "redis_config_maxmemory": "a Redis without maxmemory",
    }
)


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Queries whose result does not depend on what they observe."""
    for rule in file.rules:
        tree = rule.tree
        for severity, message, hint in _problems(tree, rule, known) if tree is not None else ():
            yield rule.finding(ID, severity, message, hint, at="expr")


def _problems(tree: nodes.Expr, rule: Rule, known: Known) -> Iterator[tuple[Severity, str, str]]:
    def of_metric(name: str) -> ranges.Range:
        return _of_metric(name, known)

    optional = _optional(tree)
    compared = [node for node in every(tree) if isinstance(node, nodes.BinaryExpr) and _is_comparison(node)]
    for node in every(tree):
        if isinstance(node, nodes.Call) and node.func.name == "histogram_quantile" and _lost_buckets(node):
            severity: Severity = "warning" if id(node) in optional else "error"
            message = "histogram_quantile() returns nothing: its argument has no label le"
            yield severity, message, "keep le in the aggregation: sum by (le, …)"
    for node in compared:
        left, right = ranges.values(node.lhs, of_metric), ranges.values(node.rhs, of_metric)
        operator = str(node.op)
        if ranges.never(operator, left, right):
            said = _said(left, "the left side") if left != ranges.ANY else _said(right, "the right side")
            hint = "ask for absence: absent(…), or `unless`" if left[0] >= 1 else "correct the comparison"
            yield "warning" if id(node) in optional else "error", f"{operator} is never true: {said}", hint
        elif (
            rule.kind == "alert"
            and len(compared) == 1
            and _is_decisive(tree, node)
            and ranges.always(operator, left, right)
            and not _asks_for_existence(node)
        ):
            said = _said(left, "the left side") if left != ranges.ANY else _said(right, "the right side")
            yield "warning", f"{operator} is always true: {said}", "correct the comparison"
    yield from _unlimited(compared)


def _is_comparison(node: nodes.BinaryExpr) -> bool:
    return str(node.op) in _COMPARISONS and not (node.modifier and node.modifier.return_bool)


def _of_metric(name: str, known: Known) -> ranges.Range:
    if name in known.recorded:
        return ranges.ANY
    if name in _BOOLEAN:
        return 0.0, 1.0
    entries = known.exposed_by(name)
    counted = bool(entries) and all(entry.type == "counter" for entry in entries)
    return ranges.POSITIVE if counted else ranges.ANY


def _optional(tree: nodes.Expr) -> frozenset[int]:
    """The nodes without which the query may still return something: both sides of `or`, and exceptions."""
    found: set[int] = set()
    for node in every(tree):
        if isinstance(node, nodes.BinaryExpr) and str(node.op) == "or":
            found |= {id(inner) for side in (node.lhs, node.rhs) for inner in every(side)}
        elif isinstance(node, nodes.BinaryExpr) and str(node.op) == "unless":
            found |= {id(inner) for inner in every(node.rhs)}
    return frozenset(found)


def _is_decisive(tree: nodes.Expr, node: nodes.Expr) -> bool:
    while isinstance(tree, nodes.ParenExpr):
        tree = tree.expr
    return tree is node or tree == node


def _asks_for_existence(node: nodes.BinaryExpr) -> bool:
    for side in (node.lhs, node.rhs):
        inner = side
        while isinstance(inner, nodes.ParenExpr):
            inner = inner.expr
        name = str(inner.op) if isinstance(inner, nodes.AggregateExpr) else ""
        if (inner.func.name if isinstance(inner, nodes.Call) else name) in _EXISTENCE:
            return True
    return False


def _lost_buckets(node: nodes.Call) -> bool:
    """Whether a quantile is asked of classic buckets that have lost their bounds."""
    buckets = [selector.name.endswith("_bucket") for selector in selectors(node.args[-1])]
    return bool(buckets) and all(buckets) and not may_have(node.args[-1], "le")


def _said(values: ranges.Range, side: str) -> str:
    low, high = values
    if low == high:
        return f"{side} is {low:g}"
    if high == float("inf"):
        return f"{side} is at least {low:g}"
    return f"{side} is at most {high:g}" if low == float("-inf") else f"{side} is between {low:g} and {high:g}"


def _unlimited(compared: list[nodes.BinaryExpr]) -> Iterator[tuple[Severity, str, str]]:
    """A use divided by a limit that may be 0, compared with a threshold."""
    divided = {
        selector.name
        for comparison in compared
        for node in every(comparison)
        if isinstance(node, nodes.BinaryExpr) and str(node.op) == "/"
        for selector in selectors(node.rhs)
        if selector.name in UNLIMITED
    }
    guarded = {
        selector.name
        for node in compared
        if isinstance(node.rhs, nodes.NumberLiteral)
        and (str(node.op), node.rhs.val) in ((">", 0), ("!=", 0), (">=", 1), (">", 1))
        for selector in selectors(node.lhs)
    }
    if any("Inf" in str(node) for node in compared):
        return  # the query leaves infinite results out itself
    guarded -= {name for name in guarded if not _is_guard(compared, name)}
    for name in sorted(divided - guarded):
        message = f"{name} is 0 for {UNLIMITED[name]}: the result is infinite, above any threshold"
        yield "warning", message, f"divide by ({name} > 0)"


def _is_guard(compared: list[nodes.BinaryExpr], name: str) -> bool:
    """Whether one of the comparisons leaves the limit's zeros out: it compares the limit, and no quotient."""
    return any(
        any(selector.name == name for selector in selectors(node.lhs))
        and not any(isinstance(inner, nodes.BinaryExpr) and str(inner.op) == "/" for inner in every(node.lhs))
        for node in compared
    )
