"""The proofs of all subjects, one promtool test at a time, each with only the rules it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from boxwatch.checks.proofs import read as built
from boxwatch.checks.proofs.read import RULES, TESTS, Document
from boxwatch.rules import catalogue
from boxwatch.rules.plan.plan import ID as PLAN
from boxwatch.topology.model import Topology


@dataclass(frozen=True, slots=True)
class Proof:
    """One test.

    Attributes:
        subject: id of the subject whose proof it is.
        interval: `evaluation_interval` of its file.
        test: the test in promtool's format.
        needs: names of all rules that it reads, directly or indirectly.
        cost: evaluations times series; cheap proofs run first.
    """

    subject: str
    interval: str
    test: Document
    needs: frozenset[str]
    cost: int


@dataclass(frozen=True, slots=True)
class Proofs:
    """All rules and all proofs of a topology.

    Attributes:
        groups: name of the group → its rules, in the order of evaluation.
        proofs: every test, cheap ones first.
    """

    groups: Mapping[str, tuple[Document, ...]]
    proofs: tuple[Proof, ...]

    def about(self, rule: str, subject: str) -> tuple[Proof, ...]:
        """The proofs that read a rule, those of its own subject first."""
        found = [one for one in self.proofs if rule in one.needs]
        return tuple(sorted(found, key=lambda one: one.subject != subject))


def read(topology: Topology) -> Proofs:
    """The rules and proofs of all subjects except the plan's constants, which have no operators to mutate."""
    found = built.read(catalogue.files(catalogue.build(topology)))
    # In the order of the catalogue, which is that of evaluation, and not of the files' names.
    order = [f"{RULES}{subject.id}.yaml" for subject in catalogue.subjects(topology) if subject.id != PLAN]
    groups: dict[str, tuple[Document, ...]] = {}
    for path in order:
        for rule in found.rules:
            if rule.file == path:
                groups[rule.group] = (*groups.get(rule.group, ()), rule.document)
    proofs = [
        Proof(
            one.file.removeprefix(TESTS).rpartition("-")[0],
            one.interval,
            one.test,
            one.reads,
            _cost(one.test),
        )
        for one in found.proofs
        if f"{RULES}{PLAN}.yaml" not in one.rule_files
    ]
    return Proofs(groups, tuple(sorted(proofs, key=lambda one: one.cost)))


def _cost(test: Document) -> int:
    times = [one["eval_time"] for key in ("alert_rule_test", "promql_expr_test") for one in test.get(key, ())]
    longest = max(_seconds(str(time)) for time in times)
    return longest // _seconds(str(test["interval"])) * len(test["input_series"])


_PARTS = re.compile(r"(\d+)([dhms])")
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def _seconds(text: str) -> int:
    return sum(int(number) * _UNITS[unit] for number, unit in _PARTS.findall(text))
