"""Recorded names follow level:metric:operations; groups have short, distinct names and not too many alerts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from boxwatch.checks.finding import Finding, Severity
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import Group, RuleFile
from boxwatch.exporters.catalogue.metrics import SHARED_LABEL

ID = "rule_names"

# prometheus.io/docs/practices/rules; mixtool's alert-group-rule-count and alert-group-name-length.
_RECORD = re.compile(r"[a-z_][a-z0-9_]*(:[a-z0-9_]+){1,2}")
_MOST_ALERTS = 20
_LONGEST_GROUP = 40


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Names that hide the purpose of a rule. Others have other styles, so for their rules it is a note."""
    severity: Severity = "note" if known.foreign else "warning"
    for rule in file.records:
        if not _RECORD.fullmatch(rule.name):
            yield rule.finding(ID, severity, "the name is not level:metric:operations", "write service:errors:rate5m")
    for group in file.groups:
        alerts = sum(rule.kind == "alert" for rule in group.rules)
        own = _own_name(group)
        if len(own) > _LONGEST_GROUP or not own:
            message, hint = f"the name has {len(own)} characters", f"use 1 to {_LONGEST_GROUP}"
            yield group.finding(ID, severity, message, hint)
        if alerts > _MOST_ALERTS:
            message, hint = f"it has {alerts} alerts", f"split it: more than {_MOST_ALERTS} are hard to survey"
            yield group.finding(ID, severity, message, hint)


def _own_name(group: Group) -> str:
    """The name without the deployment's, with which groups in a shared Prometheus begin and which their rules carry."""
    deployments = {rule.labels.get(SHARED_LABEL, "") for rule in group.rules}
    deployment = deployments.pop() if len(deployments) == 1 else ""
    return group.name.removeprefix(f"{deployment}/") if deployment else group.name
