"""Alerts follow the monitoring-mixins guide: name, severity, summary, description, runbook."""

from __future__ import annotations

import re
from collections.abc import Iterator

from boxwatch.checks.finding import Finding, Severity
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import Rule, RuleFile

ID = "alert_style"

# monitoring.mixins.dev/alerts and mixtool's linter (alert-name-camelcase, alert-name-length, alert-severity-rule,
# alert-summary-style, alert-summary-templating, alert-description-templating).
_NAME = re.compile(r"([A-Z]+[a-z0-9]+)+")
_SUMMARY = re.compile(r"[A-Z].+\.")
_LONGEST_NAME = 40
_SEVERITIES = ("critical", "warning", "info", "none")


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Alerts that the person they page cannot use. Others have other styles, so for their rules it is a note."""
    severity: Severity = "note" if known.foreign else "warning"
    for rule in file.alerts:
        for message, hint in (*_name(rule), *_texts(rule)):
            yield rule.finding(ID, severity, message, hint)


def _name(rule: Rule) -> Iterator[tuple[str, str]]:
    if not _NAME.fullmatch(rule.name):
        yield "the name is not CamelCase", "write it as ServiceDown"
    if len(rule.name) > _LONGEST_NAME:
        yield f"the name has {len(rule.name)} characters", f"pagers show at most {_LONGEST_NAME}"
    severity = rule.labels.get("severity", "")
    if severity not in _SEVERITIES:
        said = f"severity {severity} is unknown to routes" if severity else "there is no severity"
        yield said, f"label it {', '.join(_SEVERITIES[:-1])} or {_SEVERITIES[-1]}"


def _texts(rule: Rule) -> Iterator[tuple[str, str]]:
    summary, description = rule.annotations.get("summary", ""), rule.annotations.get("description", "")
    if not summary:
        yield "there is no summary", "write one sentence that is the same for all its instances"
    elif "{{" in summary:
        yield "the summary contains a template", "move the differences between instances into the description"
    elif not _SUMMARY.fullmatch(summary):
        yield "the summary is not a sentence", "begin with a capital letter and end with a full stop"
    if not description:
        yield "there is no description", "write a sentence about one instance, with {{ $labels.… }} and {{ $value }}"
    elif "{{" not in description:
        yield "the description names no instance", "use {{ $labels.… }} and {{ $value }} in it"
    if not rule.annotations.get("runbook_url") and not rule.annotations.get("runbook"):
        yield "there is no runbook", "link one with the annotation runbook_url"
