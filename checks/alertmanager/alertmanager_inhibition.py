"""Inhibition rules inhibit only alerts related to their source, and no two rules inhibit each other."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator

from boxwatch.checks.alertmanager.alertmanager_file import AlertmanagerFile, Matcher, fields, items, matchers, text
from boxwatch.checks.finding import Finding

ID = "alertmanager_inhibition"


def check(file: AlertmanagerFile, alerts: Collection[str] | None) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Rules that inhibit too much, or everything."""
    rules = [(node, matchers(node, "source_"), matchers(node, "target_")) for node in file.inhibitions()]
    for node, source, target in rules:
        equal = [text(one) for one in items(fields(node).get("equal"))]
        if not equal:
            message = "one alert inhibits unrelated alerts: there is no `equal`"
            yield file.finding(ID, node, "warning", message, "name the labels on which both agree, such as [server]")
        if not source or not target:
            side = "source" if not source else "target"
            yield file.finding(ID, node, "error", f"every alert matches its {side}", f"add {side}_matchers")
        elif source == target:
            message = "its source equals its target, so it inhibits nothing"
            yield file.finding(ID, node, "warning", message, "make the two differ")
    for (_, cause, effect), (node, other_cause, other_effect) in itertools.combinations(rules, 2):
        if cause and effect and _may_be(effect, other_cause) and _may_be(other_effect, cause):
            message = "this rule and another inhibit each other, and then nobody is notified"
            yield file.finding(ID, node, "warning", message, "decide which of the two is the cause")


def _may_be(first: tuple[Matcher, ...], second: tuple[Matcher, ...]) -> bool:
    """Whether one alert can match both, judging by the values that the matchers list."""
    values: dict[str, frozenset[str]] = {}
    for label, operator, value in (*first, *second):
        listed = frozenset(value.split("|")) if operator == "=~" else frozenset({value})
        if operator in ("=", "=~"):
            values[label] = values.get(label, listed) & listed
    refused = {(label, value) for label, operator, value in (*first, *second) if operator == "!="}
    return all(values.values()) and not any(
        found == frozenset({value}) for label, value in refused for found in [values.get(label)]
    )
