"""The two sides of a join or a calculation can match, and match once.

`sum(a) / b` never matches: the left side has no labels, the right one has some. Nor does it match where a label has
other values on the other side, as `job` of two exporters does. Where several series of one side have the same labels to
match on, Prometheus refuses the evaluation, so the rule fails as long as they are there. pint calls this
promql/vector_matching.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.exporters.catalogue.metrics import OPEN_LABELS, SHARED_LABEL, TARGET_LABELS
from boxwatch.promql import nodes
from boxwatch.promql.certain import certain, matched
from boxwatch.promql.labels import is_scalar, may_have, result_labels
from boxwatch.promql.selectors import Labels, selector
from boxwatch.promql.walk import every

ID = "vector_matching"

# Prometheus gives these to every scraped series under any scrape configuration.
_SCRAPED: Final = frozenset({"job", "instance"})
_SET_OPERATORS: Final = frozenset({"and", "or", "unless"})
# A result with a series for each series of the argument, with the same labels.
_KEEPING: Final = frozenset(
    {"rate", "irate", "increase", "delta", "idelta", "deriv", "changes", "resets", "predict_linear", "abs", "ceil"}
    | {"floor", "round", "clamp", "clamp_min", "clamp_max", "avg_over_time", "min_over_time", "max_over_time"}
    | {"sum_over_time", "count_over_time", "last_over_time", "timestamp"}
)


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Operations whose sides never match, or match several times."""
    for rule in file.rules:
        tree = rule.tree
        for message, hint in problems(tree, known) if tree is not None else ():
            yield rule.finding(ID, "error", message, hint, at="expr")


def problems(tree: nodes.Expr, known: Known) -> Iterator[tuple[str, str]]:
    """(message, hint) for each operation that cannot work. Each once."""
    found: dict[tuple[str, str], None] = {}
    for node in every(tree):
        if isinstance(node, nodes.BinaryExpr) and not is_scalar(node.lhs) and not is_scalar(node.rhs):
            if str(node.op) != "or":
                found |= dict.fromkeys(_without_match(node, known))
            if str(node.op) not in _SET_OPERATORS:
                found |= dict.fromkeys(_ambiguous(node, known))
    return iter(found)


def _without_match(node: nodes.BinaryExpr, known: Known) -> Iterator[tuple[str, str]]:
    """Labels that one side has and the other lacks, and labels that differ."""
    left = matched(certain(node.lhs, lambda tree: _of_selector(tree, known)), node.modifier)
    right = matched(certain(node.rhs, lambda tree: _of_selector(tree, known)), node.modifier)
    for labels, other, name in ((left, node.rhs, "left"), (right, node.lhs, "right")):
        missing = sorted(label for label in labels if not _possible(other, label, known))
        if missing:
            listed = " and ".join(missing)
            message = f"{node.op}: every series on the {name} has {listed}, none on the other side: no match"
            yield message, f"match by other labels, or add ignoring ({', '.join(missing)})"
    for label in sorted(left.keys() & right.keys()):
        one, another = left[label], right[label]
        # Without a value left, the side never matched in the first place, which is said there.
        if one and another and not one & another:
            message = f"{node.op}: {label} is {_listed(one)} on the left and {_listed(another)} on the right: no match"
            yield message, f"match by other labels, or add ignoring ({label})"


def _ambiguous(node: nodes.BinaryExpr, known: Known) -> Iterator[tuple[str, str]]:
    """Sides that must have one series for each match, and have several."""
    matching = node.modifier.matching if node.modifier else None
    if node.modifier is None or matching is None:
        return
    card = node.modifier.card
    sides = [
        (node.lhs, "left", card in (nodes.VectorMatchCardinality.OneToOne, nodes.VectorMatchCardinality.OneToMany)),
        (node.rhs, "right", card in (nodes.VectorMatchCardinality.OneToOne, nodes.VectorMatchCardinality.ManyToOne)),
    ]
    named = frozenset(matching.labels)
    for side, name, single in sides:
        found = _selector(side) if single else None
        if found is None:
            continue
        own, varying = _told_apart(found, known)
        kept = own & named if matching.type == nodes.LabelModifierType.Include else own - named
        # A label of the metric's own in the match or in a matcher may leave one series: who knows which.
        if varying and not kept and not selector(found).labels & own:
            message = (
                f"{node.op}: {found.name} on the {name} has several series for each match, distinguished by "
                f"{' and '.join(sorted(varying))}: Prometheus refuses the evaluation"
            )
            yield message, f"aggregate the {name} side first, or match on the labels that distinguish its series"


def _selector(tree: nodes.Expr) -> nodes.VectorSelector | None:
    """The selector whose series a result has one by one; None where they were aggregated or joined."""
    match tree:
        case nodes.VectorSelector():
            return tree
        case nodes.MatrixSelector():
            return tree.vector_selector
        case nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            return _selector(tree.expr)
        case nodes.Call() if tree.func.name in _KEEPING and tree.args:
            return _selector(tree.args[0])
        case nodes.BinaryExpr() if str(tree.op) in ("+", "-", "*", "/") and (
            is_scalar(tree.lhs) or is_scalar(tree.rhs)
        ):
            return _selector(tree.lhs if is_scalar(tree.rhs) else tree.rhs)
        case _:
            return None


def _told_apart(tree: nodes.VectorSelector, known: Known) -> tuple[Labels, Labels]:
    """The labels of a metric's exporters, and those that tell its series apart; none where that is unknown."""
    name = tree.name or ""
    entries = () if name in known.recorded else known.exposed_by(name)
    if not entries:
        return frozenset(), frozenset()
    return frozenset().union(*(entry.labels for entry in entries)), frozenset.intersection(
        *(entry.varying for entry in entries)
    )


def _possible(tree: nodes.Expr, label: str, known: Known) -> bool:
    if label == SHARED_LABEL:
        return True  # every series of a deployment has it, or none
    if known.foreign:
        return may_have(tree, label)
    labels = result_labels(tree, known.labels_of)
    return labels is None or label in labels


def _of_selector(tree: nodes.VectorSelector, known: Known) -> Labels:
    name = tree.name or ""
    labels = known.labels_of(name)
    if labels is None or name in known.recorded or name in OPEN_LABELS:
        return frozenset()
    return _SCRAPED if known.foreign else TARGET_LABELS & labels


def _listed(values: frozenset[str]) -> str:
    return " or ".join(f'"{value}"' for value in sorted(values))
