"""Matchers and `equal` name labels that alerts have, with values that they can have.

A matcher on a label that no alert has never matches. `equal` on a label that neither alert has holds for every pair of
alerts, so one alert silences all others. `=` compares with the text as it stands: `severity="warning|critical"` and
`alertname="*"` match nothing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Final

import re2

from boxwatch.checks.alertmanager.alertmanager_file import (
    AlertmanagerFile,
    Matcher,
    fields,
    items,
    matchers,
    text,
)
from boxwatch.checks.alertmanager.fired import Alerts, Fired
from boxwatch.checks.finding import Finding, Severity
from boxwatch.checks.yaml_tree import Node
from boxwatch.rules import names

ID = "alertmanager_labels"

# Labels that nearly all alerts have, in any rules.
_USUAL: Final = frozenset({"alertname", "severity", "instance", "job"})
# The label of test alerts, which no rule fires (boxwatch notify test).
_OWN: Final = frozenset({names.TEST_RECEIVER})
_CLOSE: Final = 0.75
# Written by someone who means a pattern.
_PATTERN: Final = re.compile(r"[\w.-]+(\|[\w.-]+)+|\.?[*+]|[\w-]+\.?\*|\.?\*[\w-]+", re.ASCII)


def check(file: AlertmanagerFile, alerts: Alerts | None) -> Iterator[Finding]:
    """Labels that no alert has, and values that none can have."""
    matched = (
        [(route.node, route.matchers, "the route never matches") for route in file.route.walk()] if file.route else []
    )
    for node in file.inhibitions():
        matched.append((node, matchers(node, "source_", "target_"), "the inhibition never works"))
        if alerts is not None:
            yield from _equal(file, node, alerts)
    for node, found, consequence in matched:
        for matcher in found:
            yield from _matcher(file, node, matcher, consequence, alerts)


def _matcher(
    file: AlertmanagerFile, node: Node, matcher: Matcher, consequence: str, alerts: Alerts | None
) -> Iterator[Finding]:
    label, operator, value = matcher
    if operator == "=" and _PATTERN.fullmatch(value) and not _is_value(label, value, alerts):
        severity: Severity = "error" if label in ("alertname", "severity") else "warning"
        message = f'{label}="{value}" compares with the text as it stands: {consequence}'
        yield file.finding(
            ID, node, severity, message, f'write {label}=~"{value.replace("*", ".*").replace("..", ".")}"'
        )
    # Absence is what `!=` and an empty value ask for.
    if operator not in ("=", "=~") or not value:
        return
    known = _USUAL.union(*(one.labels for one in alerts.values())) if alerts else _USUAL
    if label in known | _OWN:
        return
    close = difflib.get_close_matches(label, sorted(known), n=1, cutoff=_CLOSE)
    meant = "alertname" if label in ("alert", "name") else close[0] if close else ""
    # Rules that were not given may set any other label.
    if meant:
        message = f"no alert has a label {label}: {consequence}"
        yield file.finding(ID, node, "warning", message, f"did you mean {meant}?")


def _is_value(label: str, value: str, alerts: Alerts | None) -> bool:
    return any(value in one.values.get(label, ()) for one in (alerts or {}).values())


def _equal(file: AlertmanagerFile, node: Node, alerts: Alerts) -> Iterator[Finding]:
    listed = fields(node).get("equal")
    equal = [text(one) for one in items(listed)]
    sides = [_matching(alerts, matchers(node, prefix)) for prefix in ("source_", "target_")]
    # Alerts of others than the given rules have labels of their own.
    if not equal or listed is None or not all(sides):
        return
    if not any(label in one.labels for side in sides for one in side for label in equal):
        names = " and ".join(equal)
        message = f"no alert of the given rules has {names}, so all are equal in it: one alert silences every other"
        yield file.finding(ID, listed, "warning", message, "name labels that both alerts have, such as [server]")


def _matching(alerts: Alerts, found: tuple[Matcher, ...]) -> list[Fired]:
    """The alerts that may match, judging by the values that the rules write."""
    return [one for one in alerts.values() if all(_may_match(one, matcher) for matcher in found)]


def _may_match(one: Fired, matcher: Matcher) -> bool:
    label, operator, value = matcher
    values = one.values.get(label)
    if values is None:
        return True
    if operator in ("=", "!="):
        return (value in values) if operator == "=" else values != {value}
    try:
        matched = [re2.fullmatch(value, each) is not None for each in values]
    except re2.error:
        return True  # alertmanager_routes reports it
    return any(matched) if operator == "=~" else not all(matched)
