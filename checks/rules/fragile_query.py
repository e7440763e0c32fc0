"""A query keeps its meaning when a series comes or goes: no `without` on both sides, no topk() in an alert.

`sum without (instance) (a) / sum without (instance) (b)` breaks when one exporter gets a new label; `by` names the
relevant ones. An alert on topk() or bottomk() resolves and fires again whenever another series takes the place. pint
calls this promql/fragile.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding, Severity
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql import nodes
from boxwatch.promql.walk import every

ID = "fragile_query"

_CHOOSING = ("topk", "bottomk", "limitk", "limit_ratio")
_SET_OPERATORS = ("and", "or", "unless")


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Queries whose meaning changes by itself. Others may know that no exporter of theirs gets a label, so a note."""
    severity: Severity = "note" if known.foreign else "warning"
    for rule in file.rules:
        tree = rule.tree
        for node in every(tree) if tree is not None else ():
            if isinstance(node, nodes.BinaryExpr) and _without(node.lhs) and _without(node.rhs) and _joins(node):
                hint = "name the relevant labels with by (...), or match on (...)"
                yield rule.finding(ID, severity, f"both sides of {node.op} aggregate `without`", hint, at="expr")
            if rule.kind == "alert" and isinstance(node, nodes.AggregateExpr) and str(node.op) in _CHOOSING:
                hint = "compare every series with a threshold"
                yield rule.finding(
                    ID, severity, f"{node.op}() may pick other series at every evaluation", hint, at="expr"
                )


def _joins(node: nodes.BinaryExpr) -> bool:
    """Whether series must match on all their labels."""
    return str(node.op) not in _SET_OPERATORS and (node.modifier is None or node.modifier.matching is None)


def _without(tree: nodes.Expr) -> bool:
    if isinstance(tree, nodes.ParenExpr):
        return _without(tree.expr)
    modifier = tree.modifier if isinstance(tree, nodes.AggregateExpr) else None
    return modifier is not None and modifier.type == nodes.AggModifierType.Without
