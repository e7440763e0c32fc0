"""An alert's text uses only labels that its query keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql.labels import result_labels

ID = "alert_templates"

_LABEL = re.compile(r"\$labels\.([a-zA-Z_][a-zA-Z0-9_]*)")


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Texts with gaps: a label dropped by the query is empty in the message."""
    for rule in file.alerts:
        tree = rule.tree
        labels = None if tree is None else result_labels(tree, known.labels_of)
        if labels is None:
            continue
        has = labels | frozenset(rule.labels) | {"alertname"}
        for key, text in sorted(rule.annotations.items()):
            for label in sorted(frozenset(_LABEL.findall(text)) - has):
                yield rule.finding(
                    ID,
                    "error",
                    f"{key} uses the label {label}, which the query does not keep",
                    f"the result has {', '.join(sorted(labels)) or 'no labels'}",
                )
