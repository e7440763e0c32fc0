"""What is verified, and the outcome of each item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.grafana.board import Board
from boxwatch.live.absence import Reason
from boxwatch.live.selections import Range
from boxwatch.live.source import Prometheus

Outcome = Literal["data", "fine", "warning", "broken", "skipped"]
Section = Literal["targets", "groups", "rules", "variables", "panels"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was verified.

    Attributes:
        file: the file it is in; the server's URL for targets and loaded rules.
        section: its kind.
        where: `panel "Memory" query A`.
        outcome: `data`; `fine` if there is nothing to report; `warning`; `broken`; `skipped`.
        reason: why there is no data; None if there is.
        expr: the query after interpolation; empty if there is none.
        line: line in the file; 0 if unknown.
    """

    file: str
    section: Section
    where: str
    outcome: Outcome
    reason: Reason | None = None
    expr: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """A query to verify.

    Attributes:
        item: the item without its outcome; broken already if it has a reason.
        server: the server that answers it.
        span: its time range; None for an instant query.
    """

    item: Item
    server: Prometheus
    span: Range | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a verification, with what could not be asked."""

    items: tuple[Item, ...]
    skipped: tuple[str, ...] = ()

    @property
    def broken(self) -> tuple[Item, ...]:
        """What has no data, and should have."""
        return tuple(each for each in self.items if each.outcome == "broken")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be verified.

    Attributes:
        boards: file → dashboard.
        rules: rule files.
        jobs: jobs of our own scrape configuration, each of which must have a target.
        loaded: whether the server must have loaded every rule.
        lines: file → place in it → line.
    """

    boards: Mapping[str, Board] = field(default_factory=dict)
    rules: tuple[RuleFile, ...] = ()
    jobs: frozenset[str] = frozenset()
    loaded: bool = False
    lines: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def counts(items: Iterable[Item]) -> Mapping[tuple[Section, str], Mapping[Outcome, int]]:
    """(section, file) → number of items by outcome, in their order."""
    found: dict[tuple[Section, str], dict[Outcome, int]] = {}
    for each in items:
        of = found.setdefault((each.section, each.file), {})
        of[each.outcome] = of.get(each.outcome, 0) + 1
    return MappingProxyType(found)
