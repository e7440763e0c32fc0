"""An inhibition rule silences what has to do with its cause, and no two rules silence each other."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator

from boxwatch.checks.alertmanager.alertmanager_file import AlertmanagerFile, Matcher, fields, items, matchers, text
from boxwatch.checks.finding import Finding

ID = "alertmanager_inhibition"


def check(file: AlertmanagerFile, alerts: Collection[str] | None) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Rules that silence too much, or everything."""
    rules = [(node, matchers(node, "source_"), matchers(node, "target_")) for node in file.inhibitions()]
    for node, source, target in rules:
        equal = [text(one) for one in items(fields(node).get("equal"))]
        if not equal:
            message = "one alert silences others that have nothing to do with it: there is no `equal`"
            yield file.finding(ID, node, "warning", message, "name the labels in which both agree, such as [server]")
        if not source or not target:
            side = "source" if not source else "target"
            yield file.finding(ID, node, "error", f"every alert is its {side}", f"add {side}_matchers")
        elif source == target:
            message = "its source is its target, so it silences nothing"
            yield file.finding(ID, node, "warning", message, "say in what the two differ")
    for (_, cause, effect), (node, other_cause, other_effect) in itertools.combinations(rules, 2):
        if cause and effect and _may_be(effect, other_cause) and _may_be(other_effect, cause):
            message = "this rule and another silence each other, and then nobody is told"
            yield file.finding(ID, node, "warning", message, "say which of the two is the cause")


def _may_be(first: tuple[Matcher, ...], second: tuple[Matcher, ...]) -> bool:
    """Whether an alert can be both, as far as the values that the matchers list tell."""
    values: dict[str, frozenset[str]] = {}
    for label, operator, value in (*first, *second):
        listed = frozenset(value.split("|")) if operator == "=~" else frozenset({value})
        if operator in ("=", "=~"):
            values[label] = values.get(label, listed) & listed
    refused = {(label, value) for label, operator, value in (*first, *second) if operator == "!="}
    return all(values.values()) and not any(
        found == frozenset({value}) for label, value in refused for found in [values.get(label)]
    )
