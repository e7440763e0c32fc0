"""The rules of a deployment, built once and passed to everything that renders them or draws dashboards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boxwatch.promql import required
from boxwatch.promql.parse import parse
from boxwatch.promql.selectors import Selector
from boxwatch.rules import names
from boxwatch.rules.model import Subject
from boxwatch.topology.model import Topology


@dataclass(frozen=True, slots=True)
class Built:
    """A topology and its rules.

    Attributes:
        topology: the deployment.
        subjects: its rules by subject, in the order of triage, with the overrides of `alerts.rules` applied.
        thresholds: alert → threshold, for every alert that has one. Alerts that the topology switches off are included,
            because dashboards still draw their lines.
        scraped: the scrape jobs that exist.
        recorded: the recorded series that may have samples.
        incomplete: whether a part does not exist that rules and dashboards usually read.
    """

    topology: Topology
    subjects: tuple[Subject, ...]
    thresholds: Mapping[str, float]
    scraped: frozenset[str]
    recorded: frozenset[str]
    incomplete: bool

    @property
    def constants(self) -> frozenset[str]:
        """The recorded constants of the plan."""
        return frozenset(rule.record for one in self.subjects if one.id == names.PLAN_SUBJECT for rule in one.records)

    def can_answer(self, query: str) -> bool:
        """Whether a query can have a result in this deployment."""
        return can_answer(query, self.scraped, self.recorded)


def can_answer(query: str, scraped: frozenset[str], recorded: frozenset[str]) -> bool:
    """Whether a query can have a result, given the scraped jobs and the recorded series."""

    def lacks(selector: Selector) -> bool:
        if ":" in selector.name:
            return selector.name not in recorded
        return bool(selector.job) and selector.job not in scraped

    return required.answers(parse(query), lacks)
