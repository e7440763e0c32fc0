"""Rule files load in every Prometheus from 2.42 and in vmalert."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile

ID = "rule_portability"

# Tried with promtool 2.42, 2.53 and 3.5 and vmalert 1.145.
_GROUP_KEYS: Mapping[str, str] = {
    "labels": "Prometheus supports it from 3.0; put the labels on the rules",
    "query_offset": "Prometheus supports it from 2.53, vmalert not at all",
}
_KNOWN_GROUP_KEYS = frozenset({"name", "interval", "limit", "rules"})
_KNOWN_RULE_KEYS = frozenset({"alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations"})


def check(file: RuleFile, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Keys for which some Prometheus versions reject the whole file."""
    for group in file.groups:
        for key in sorted(group.keys - _KNOWN_GROUP_KEYS):
            hint = _GROUP_KEYS.get(key, "no Prometheus supports it; remove it")
            yield group.finding(ID, "error", f"the group has {key}", hint)
    for rule in file.rules:
        for key in sorted(rule.keys - _KNOWN_RULE_KEYS):
            yield rule.finding(ID, "error", f"the rule has {key}", "no Prometheus supports it; remove it", at=key)
