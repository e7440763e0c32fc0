"""The proofs of all subjects, one promtool test at a time, with the rules that each needs and no others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from boxwatch.checks import promql
from boxwatch.rules.model import Subject
from boxwatch.rules.plan import ID as PLAN
from boxwatch.rules.promtool import test_files
from boxwatch.rules.rule_file import rule_file
from boxwatch.topology.model import Topology

Rule = dict[str, Any]
_ALERT = re.compile(r'alertname="(\w+)"')


@dataclass(frozen=True, slots=True)
class Proof:
    """One test.

    Attributes:
        subject: id of the subject whose proof it is.
        interval: `evaluation_interval` of its file.
        test: the test as promtool reads it.
        needs: names of all rules that it reads, directly or not.
        cost: evaluations times series, to run the cheap ones first.
    """

    subject: str
    interval: str
    test: dict[str, Any]
    needs: frozenset[str]
    cost: int


@dataclass(frozen=True, slots=True)
class Proofs:
    """All rules and all proofs of a topology.

    Attributes:
        groups: name of the group → its rules, in the order of evaluation.
        proofs: every test, cheap ones first.
    """

    groups: Mapping[str, tuple[Rule, ...]]
    proofs: tuple[Proof, ...]

    def about(self, rule: str, subject: str) -> tuple[Proof, ...]:
        """The proofs that read a rule, those of its own subject first."""
        found = [one for one in self.proofs if rule in one.needs]
        return tuple(sorted(found, key=lambda one: one.subject != subject))


def read(topology: Topology, subjects: Iterable[Subject]) -> Proofs:
    """The rules and proofs of all subjects but the plan's constants, which have no operators to get wrong."""
    measuring = [subject for subject in subjects if subject.id != PLAN]
    groups = {
        group["name"]: tuple(group["rules"])
        for subject in measuring
        for group in _load(rule_file(topology, subject))["groups"]
    }
    needs = _needs(rule for rules in groups.values() for rule in rules)
    found = [
        Proof(subject.id, document["evaluation_interval"], test, _targets(test, needs), _cost(test))
        for subject in measuring
        for content in test_files(
            topology, subject, tuple(one for one in measuring if one.id in subject.reads)
        ).values()
        for document in (_load(content),)
        for test in document["tests"]
    ]
    return Proofs(groups, tuple(sorted(found, key=lambda one: one.cost)))


def _load(content: bytes) -> Any:  # noqa: ANN401 - a YAML document
    return yaml.load(content, Loader=yaml.CSafeLoader)


def name_of(rule: Rule) -> str:
    """What a rule records, or the alert's name."""
    return str(rule.get("record") or rule["alert"])


def _needs(rules: Iterable[Rule]) -> dict[str, frozenset[str]]:
    """Name of a rule → the names of all rules whose results it reads, its own included."""
    reads: dict[str, set[str]] = {}
    for rule in rules:
        reads.setdefault(name_of(rule), set()).update(
            selector.name for selector in promql.selectors(promql.parse(rule["expr"]))
        )
    found: dict[str, frozenset[str]] = {}

    def of(name: str) -> frozenset[str]:
        if name not in found:
            found[name] = frozenset({name}).union(*(of(other) for other in reads[name] if other in reads))
        return found[name]

    for name in reads:
        of(name)
    return found


def _targets(test: dict[str, Any], needs: Mapping[str, frozenset[str]]) -> frozenset[str]:
    names = {one["alertname"] for one in test.get("alert_rule_test", ())}
    for one in test.get("promql_expr_test", ()):
        names |= set(_ALERT.findall(one["expr"]))
        names |= {selector.name for selector in promql.selectors(promql.parse(one["expr"]))}
    return frozenset().union(*(needs[name] for name in names if name in needs))


def _cost(test: dict[str, Any]) -> int:
    times = [one["eval_time"] for key in ("alert_rule_test", "promql_expr_test") for one in test.get(key, ())]
    longest = max(_seconds(str(time)) for time in times)
    return longest // _seconds(str(test["interval"])) * len(test["input_series"])


_PARTS = re.compile(r"(\d+)([dhms])")
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def _seconds(text: str) -> int:
    return sum(int(number) * _UNITS[unit] for number, unit in _PARTS.findall(text))
