"""An alert's labels stay the same while it lasts: they are its identity.

A label with the value, or with what a query returns, is another alert at every evaluation. Each one begins to wait
again, so none ever fires, or each is sent as a new one. The value belongs in an annotation. pint calls this
alerts/template.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.checks import go_template
from boxwatch.checks.finding import Finding
from boxwatch.checks.prometheus_versions import NEWEST
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile

ID = "alert_labels"

_VALUES: Final = ("$value", "Value")
_FUNCTIONS: Final = ("query", "now")


def check(file: RuleFile, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Labels that change while the alert lasts."""
    for rule in file.alerts:
        for label, text in rule.labels.items():
            try:
                template = go_template.parse(text, go_template.known_functions(NEWEST))
            except go_template.TemplateError:
                continue  # rule_loading reports it
            used = [one for one in template.references if one.path[0] in _VALUES]
            called = [name for name in template.functions if name in _FUNCTIONS]
            if any(one.shown for one in used) or called:
                what = "the value" if used else f"the result of {called[0]}()"
                message = f"the label {label} contains {what}: every evaluation makes another alert"
                yield rule.finding(ID, "error", message, "move it to an annotation", at="labels")
            elif used:
                message = f"the label {label} depends on the value: the alert becomes another one when it changes"
                hint = "write an alert for each, with thresholds of their own"
                yield rule.finding(ID, "warning", message, hint, at="labels")
