"""Every metric and label in a query is exposed by an exporter or recorded by a rule."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from boxwatch.checks.finding import Finding, Severity
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.exporters.catalogue import conditional
from boxwatch.exporters.catalogue.metrics import SHARED_LABEL
from boxwatch.promql import nodes
from boxwatch.promql.labels import result_labels
from boxwatch.promql.selectors import Labels, selectors
from boxwatch.promql.walk import every

ID = "metric_names"

_RECORD = "correct the name, or record the page that exposes it: boxwatch record URL"


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Rules on unknown metrics, which can never fire."""
    for rule in file.rules:
        tree = rule.tree
        severity: Severity = "note" if known.foreign else "error"
        for message, hint in problems(tree, known) if tree is not None else ():
            yield rule.finding(ID, severity, message, hint, at="expr")


def problems(tree: nodes.Expr, known: Known) -> Iterator[tuple[str, str]]:
    """(message, hint) for each unknown name in a query. Each name once.

    Nothing is known of the metrics and labels of others: a name is worth a note where a recorded exporter has names
    that begin like it.
    """
    if known.foreign:
        yield from dict.fromkeys(_of_others(tree, known))
        return
    seen: set[tuple[str, str]] = set()
    for found in (*_of_selectors(tree, known), *_of_groupings(tree, known)):
        if found not in seen:
            seen.add(found)
            yield found


def _of_selectors(tree: nodes.Expr, known: Known) -> Iterator[tuple[str, str]]:
    for selector in selectors(tree):
        if not selector.name:
            continue
        if not known.exists(selector.name):
            yield (
                f"no exporter exposes and no rule records {selector.name}",
                _meant(known.closest(selector.name)) or _RECORD,
            )
            continue
        labels = known.labels_of(selector.name)
        # `{x=""}` asks for the series without the label, so it need not exist.
        for label in sorted(selector.labels - selector.absent - (labels or selector.labels) - {SHARED_LABEL}):
            yield f"{selector.name} has no label {label}", _meant_label(label, labels)


def _of_others(tree: nodes.Expr, known: Known) -> Iterator[tuple[str, str]]:
    for selector in selectors(tree):
        name = selector.name
        if not name or known.exists(name) or conditional.condition_of(name):
            continue
        if ":" in name:
            yield f"none of the given rules records {name}", _meant(known.closest(name))
            continue
        exporters = conditional.recorded_like(name)
        close = known.closest(name)
        # An exporter that makes up names as it runs may have this one, unless it looks like a slip.
        if exporters and (close or not conditional.family_of(name)):
            yield f"{name} is on no recorded page of {' and '.join(exporters)}", _meant(close)
        elif close in known.applications:
            yield f"{name} is on no page that was recorded of your applications", _meant(close)


def _of_groupings(tree: nodes.Expr, known: Known) -> Iterator[tuple[str, str]]:
    for node in every(tree):
        if not isinstance(node, nodes.AggregateExpr) or node.modifier is None:
            continue
        inner = result_labels(node.expr, known.labels_of)
        for label in node.modifier.labels:
            if inner is not None and label not in inner:
                word = "by" if node.modifier.type == nodes.AggModifierType.By else "without"
                message = f"{node.op} {word} ({label}): its operand has no label {label}"
                yield message, _meant_label(label, inner)


def _meant(name: str) -> str:
    return f"did you mean {name}?" if name else ""


def _meant_label(label: str, labels: Labels | None) -> str:
    close = difflib.get_close_matches(label, sorted(labels or ()), n=1)
    return _meant(close[0]) if close else f"its labels are {', '.join(sorted(labels or ()))}"
