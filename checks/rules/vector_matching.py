"""The two sides of an operation can match: a label that one side always has is possible on the other.

`sum by (server) (a) / b` finds nothing, because every `b` has an instance. State the labels to match with `on` or
`ignoring`, or aggregate both sides by the same labels. Only labels that are certain on one side and impossible on the
other are reported. pint calls this promql/vector_matching.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.exporters.catalogue.metrics import OPEN_LABELS, TARGET_LABELS
from boxwatch.promql import nodes
from boxwatch.promql.labels import is_scalar, result_labels
from boxwatch.promql.selectors import Labels, selector
from boxwatch.promql.walk import every

ID = "vector_matching"

_NONE: Labels = frozenset()
# These return series without labels, or with labels unknown here.
_OWN_LABELS = frozenset({"vector", "time", "scalar", "absent", "absent_over_time", "label_replace", "label_join"})


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Operations whose sides never match."""
    for rule in file.rules:
        tree = rule.tree
        for message, hint in _problems(tree, known) if tree is not None else ():
            yield rule.finding(ID, "error", message, hint, at="expr")


def _problems(tree: nodes.Expr, known: Known) -> Iterator[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for node in every(tree):
        if not isinstance(node, nodes.BinaryExpr) or str(node.op) == "or":
            continue
        for side, other, name in ((node.lhs, node.rhs, "left"), (node.rhs, node.lhs, "right")):
            for label in sorted(_only(side, other, node, known)):
                message = f"{node.op}: every series on the {name} has {label}, none on the other side: no match"
                found[message, f"match by other labels, or add ignoring ({label})"] = None
    return iter(found)


def _only(side: nodes.Expr, other: nodes.Expr, node: nodes.BinaryExpr, known: Known) -> Labels:
    if is_scalar(side) or is_scalar(other):
        return _NONE
    possible = result_labels(other, known.labels_of)
    return _NONE if possible is None else _matched(node, _certain(side, known)) - possible


def _matched(node: nodes.BinaryExpr, labels: Labels) -> Labels:
    """The labels on which series of the two sides must agree."""
    matching = node.modifier.matching if node.modifier else None
    if matching is None:
        return labels
    named = frozenset(matching.labels)
    return labels & named if matching.type == nodes.LabelModifierType.Include else labels - named


def _certain(tree: nodes.Expr, known: Known) -> Labels:
    """Labels that every series of a result has."""
    found = _NONE
    match tree:
        case nodes.VectorSelector():
            found = _of_selector(tree, known)
        case nodes.MatrixSelector():
            found = _of_selector(tree.vector_selector, known)
        case nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            found = _certain(tree.expr, known)
        case nodes.Call() if tree.func.name not in _OWN_LABELS and tree.args:
            found = _certain(tree.args[-1], known)
            found -= frozenset({"le"}) if tree.func.name.startswith("histogram_") else _NONE
        case nodes.AggregateExpr() if tree.modifier is not None:
            named = frozenset(tree.modifier.labels)
            inner = _certain(tree.expr, known)
            found = inner & named if tree.modifier.type == nodes.AggModifierType.By else inner - named
        case nodes.BinaryExpr() if str(tree.op) == "or":
            found = _certain(tree.lhs, known) & _certain(tree.rhs, known)
        case nodes.BinaryExpr() if str(tree.op) in ("and", "unless") or is_scalar(tree.rhs):
            found = _certain(tree.lhs, known)
        case _:
            pass
    return found


def _of_selector(tree: nodes.VectorSelector, known: Known) -> Labels:
    found = selector(tree)
    labels = known.labels_of(found.name)
    if labels is None or found.name in known.recorded or found.name in OPEN_LABELS:
        return found.needed
    return (found.needed | TARGET_LABELS) & labels
