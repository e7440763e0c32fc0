"""Counters are read through rate() and the like, and nothing else is.

The raw value of a counter only shows how long a process has run. rate() of a gauge takes every fall for a restart, and
so does rate() of a sum of counters, when one of them restarts: take the rates first, and sum those.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding, Severity
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql import nodes
from boxwatch.promql.selectors import selectors
from boxwatch.promql.walk import every

ID = "counter_rate"

_RATES = frozenset({"rate", "irate", "increase", "resets"})
_SUMMING = frozenset({"sum", "avg"})
_OF_COUNTERS = ("_total", "_count", "_sum", "_bucket", "_counter")

_FOR_COUNTERS = frozenset(
    {"rate", "irate", "increase", "resets", "changes", "absent", "absent_over_time", "present_over_time", "timestamp"}
    | {"count_over_time", "last_over_time"}
)


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Counters compared or added as raw values."""
    sums = _recorded_sums(file)
    for rule in file.rules:
        tree = rule.tree
        if tree is None:
            continue
        severity: Severity = "note" if known.foreign else "warning"
        for name in raw_counters(tree, known):
            yield rule.finding(
                ID, severity, f"{name} is a counter, read as a raw value", f"use rate({name}[5m])", at="expr"
            )
        for message, hint in dict.fromkeys((*_rates_of_gauges(tree, known), *_rates_of_sums(tree, sums))):
            yield rule.finding(ID, "warning", message, hint, at="expr")


def _rates_of_gauges(tree: nodes.Expr, known: Known) -> Iterator[tuple[str, str]]:
    for selector in selectors(tree):
        name = selector.name
        entries = () if name in known.recorded else known.exposed_by(name)
        if (
            selector.function in _RATES
            and entries
            # Some exporters call a counter a gauge; its name then tells.
            and all(entry.type == "gauge" for entry in entries)
            and not name.endswith(_OF_COUNTERS)
        ):
            hint = f"use delta({name}[…]) or deriv({name}[…])"
            yield f"{selector.function}() reads {name}, a gauge: it takes every fall for a restart", hint


def _rates_of_sums(tree: nodes.Expr, sums: frozenset[str]) -> Iterator[tuple[str, str]]:
    hint = "sum the rates instead: sum(rate(…))"
    for node in every(tree):
        if not isinstance(node, nodes.Call) or node.func.name not in _RATES:
            continue
        (argument,) = node.args
        inner = argument.expr if isinstance(argument, nodes.SubqueryExpr) else argument
        operator = _aggregation(inner)
        if operator in _SUMMING:
            yield f"{node.func.name}() of {operator}(): a restart of one part looks like a jump of the whole", hint
        elif isinstance(argument, nodes.MatrixSelector) and argument.vector_selector.name in sums:
            name = argument.vector_selector.name
            yield f"{node.func.name}() of {name}, a recorded sum: a restart of one part looks like a jump", hint


def _recorded_sums(file: RuleFile) -> frozenset[str]:
    """Series that are recorded as a sum of raw values."""
    return frozenset(
        rule.name
        for rule in file.records
        if (tree := rule.tree) is not None and _aggregation(tree) in _SUMMING and not _counted_up(tree)
    )


def _counted_up(tree: nodes.Expr) -> bool:
    return any(isinstance(node, nodes.Call) and node.func.name in _RATES for node in every(tree))


def _aggregation(tree: nodes.Expr) -> str:
    while isinstance(tree, nodes.ParenExpr):
        tree = tree.expr
    return str(tree.op) if isinstance(tree, nodes.AggregateExpr) else ""


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
