"""The alerts that the given rules can fire, with the labels that Alertmanager sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import Rule
from boxwatch.promql.labels import result_labels


@dataclass(frozen=True, slots=True)
class Fired:
    """The alerts of one name.

    Attributes:
        labels: the labels that they are known to have.
        values: label → the values that the rules write; without those that a template fills.
    """

    labels: frozenset[str]
    values: Mapping[str, frozenset[str]]


# Name of the alert → its labels.
Alerts = Mapping[str, Fired]


def fired(rules: Iterable[Rule], known: Known) -> Alerts:
    """The alerts of some rules, by name."""
    found: dict[str, Fired] = {}
    for rule in rules:
        one = _fired(rule, known)
        other = found.get(rule.name)
        found[rule.name] = one if other is None else _together(one, other)
    return found


def _fired(rule: Rule, known: Known) -> Fired:
    tree = rule.tree
    query = None if tree is None else result_labels(tree, known.labels_of)
    values = {label: frozenset({value}) for label, value in rule.labels.items() if "{{" not in value}
    values["alertname"] = frozenset({rule.name})
    return Fired((query or frozenset()) | frozenset(rule.labels) | {"alertname"}, values)


def _together(one: Fired, other: Fired) -> Fired:
    both = one.values.keys() & other.values.keys()
    values = {label: one.values[label] | other.values[label] for label in both}
    return Fired(one.labels | other.labels, values)
