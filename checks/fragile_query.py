"""A query keeps its meaning when a series comes or goes: no `without` on both sides, no topk() in an alert.

`sum without (instance) (a) / sum without (instance) (b)` breaks when one exporter gets a new label; `by` names what
counts. An alert on topk() or bottomk() resolves and fires anew whenever another series takes the place. pint calls this
promql/fragile.
"""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser as parser

from boxwatch.checks.finding import Finding
from boxwatch.checks.known import Known
from boxwatch.checks.rule_file import RuleFile

ID = "fragile_query"

_CHOOSING = ("topk", "bottomk", "limitk", "limit_ratio")
_SET_OPERATORS = ("and", "or", "unless")


def check(file: RuleFile, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Queries that change their meaning by themselves."""
    for rule in file.rules:
        tree = rule.tree
        for node in _nodes(tree) if tree is not None else ():
            if isinstance(node, parser.BinaryExpr) and _without(node.lhs) and _without(node.rhs) and _joins(node):
                hint = "name the labels that count with by (...), or match on (...)"
                yield rule.finding(ID, "warning", f"both sides of {node.op} aggregate `without`", hint, at="expr")
            if rule.kind == "alert" and isinstance(node, parser.AggregateExpr) and str(node.op) in _CHOOSING:
                hint = "compare every series with a threshold"
                yield rule.finding(
                    ID, "warning", f"{node.op}() picks other series at every evaluation", hint, at="expr"
                )


def _nodes(tree: parser.Expr) -> Iterator[parser.Expr]:
    found: list[parser.Expr] = []

    def visit(node: parser.Expr) -> bool:
        found.append(node)
        return True

    parser.walk(tree, visit)
    return iter(found)


def _joins(node: parser.BinaryExpr) -> bool:
    """Whether series have to match by all their labels."""
    return str(node.op) not in _SET_OPERATORS and (node.modifier is None or node.modifier.matching is None)


def _without(tree: parser.Expr) -> bool:
    if isinstance(tree, parser.ParenExpr):
        return _without(tree.expr)
    modifier = tree.modifier if isinstance(tree, parser.AggregateExpr) else None
    return modifier is not None and modifier.type == parser.AggModifierType.Without
