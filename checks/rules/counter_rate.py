"""Counters are read through rate() and the like: their raw value only shows how long a process has run."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql import nodes
from boxwatch.promql.selectors import selectors
from boxwatch.promql.walk import every

ID = "counter_rate"

_FOR_COUNTERS = frozenset(
    {"rate", "irate", "increase", "resets", "changes", "absent", "absent_over_time", "present_over_time", "timestamp"}
    | {"count_over_time", "last_over_time"}
)


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Counters compared or added as raw values."""
    for rule in file.rules:
        tree = rule.tree
        for name in raw_counters(tree, known) if tree is not None else ():
            yield rule.finding(
                ID, "warning", f"{name} is a counter, read as a raw value", f"use rate({name}[5m])", at="expr"
            )


def raw_counters(tree: nodes.Expr, known: Known) -> tuple[str, ...]:
    """Counters outside functions made for them. `count()`, and a test of when it was born, read no value."""
    counted = _counted(tree) | _born(tree)
    return tuple(
        dict.fromkeys(
            selector.name
            for selector in selectors(tree)
            if selector.name not in counted
            and selector.function not in _FOR_COUNTERS
            and any(metric.type == "counter" for metric in known.exposed_by(selector.name))
        )
    )


def _counted(tree: nodes.Expr) -> frozenset[str]:
    return frozenset(
        selector.name
        for node in every(tree)
        if isinstance(node, nodes.AggregateExpr) and str(node.op) in ("count", "group")
        for selector in selectors(node.expr)
    )


def _born(tree: nodes.Expr) -> frozenset[str]:
    """Counters that are kept or left out by other samples of their own, as one that appears with its first event is."""
    return frozenset(
        node.lhs.name
        for node in every(tree)
        if isinstance(node, nodes.BinaryExpr)
        and str(node.op) in ("and", "unless")
        and isinstance(node.lhs, nodes.VectorSelector)
        and node.lhs.name in {selector.name for selector in selectors(node.rhs)}
    )
