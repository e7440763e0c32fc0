"""An alert's text uses only labels that its query keeps."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks import go_template
from boxwatch.checks.finding import Finding
from boxwatch.checks.prometheus_versions import NEWEST
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql.labels import may_have, result_labels, unknown

ID = "alert_templates"


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Texts with gaps: a label dropped by the query is empty in the message."""
    for rule in file.alerts:
        tree = rule.tree
        labels = None if tree is None else result_labels(tree, unknown if known.foreign else known.labels_of)
        if tree is None or (labels is None and not known.foreign):
            continue
        own = frozenset(rule.labels) | {"alertname"}
        for key, text in sorted(rule.annotations.items()):
            for label in sorted(_used(text) - own):
                # The scrape configuration of others may add any label; an aggregation may drop it again.
                if may_have(tree, label) if known.foreign else label in (labels or ()):
                    continue
                hint = f"the result has {', '.join(sorted(labels)) or 'no labels'}" if labels is not None else ""
                yield rule.finding(ID, "error", f"{key} uses the label {label}, which the query does not keep", hint)


def _used(text: str) -> frozenset[str]:
    try:
        return frozenset(go_template.parse(text, go_template.known_functions(NEWEST)).labels)
    except go_template.TemplateError:
        return frozenset()  # rule_loading reports it
