"""Recording rules, alerts with their proofs and runbooks, and the groups that hold them.

An `Alert` cannot be made without proof: at least one `Case` in which it fires and one close to it in which it stays
silent. `boxwatch.rules.proofs.promtool` turns the cases into unit tests for promtool, `boxwatch.rules.runbook` the
runbook into a page. Everything here is a frozen value; nothing reads a file, a clock or the environment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from boxwatch.topology import units

Severity = Literal["critical", "warning", "info", "none"]

# The one alert that always fires, so that its absence is noticed; checks.alert_comparison knows it too.
ALWAYS_FIRING = frozenset({"Watchdog"})

# mixtool's alert-name-camelcase and alert-name-length, and Prometheus' own recording rule convention level:metric:op.
_ALERT_NAME = re.compile(r"([A-Z]+[a-z0-9]+)+")
_RECORD_NAME = re.compile(r"[a-z_][a-z0-9_]*(:[a-z0-9_]+){1,2}")
_SUMMARY = re.compile(r"[A-Z].+\.")
LONGEST_ALERT_NAME = 40


@dataclass(frozen=True, slots=True)
class Series:
    """One input series of a proof.

    Attributes:
        series: metric name with its label matchers as written in exposition: `up{job="cadvisor",server="main"}`.
        values: promtool's notation, one sample a minute: `1x10`, `0+60x5`, `1 _ _ 1`, `stale`.
    """

    series: str
    values: str


@dataclass(frozen=True, slots=True)
class Expected:
    """One alert that must be firing, to the letter.

    Attributes:
        labels: every label beside `alertname` and the severity, which is the alert's own.
        description: the description as the engineer reads it, after templating.
    """

    labels: dict[str, str]
    description: str


@dataclass(frozen=True, slots=True)
class Case:
    """What is in the database and what must follow from it.

    Attributes:
        title: a sentence: "fires when half of the replicas are gone for longer than a deploy takes".
        series: the input, all of it.
        at: seconds after the first sample at which the alert is looked at.
        expects: the alerts that fire then; empty means that it must be silent.
        interval: seconds between samples and between evaluations.
        throughout: it must have been silent all the way until `at`, and not only then.
        apart: other cases must not stand beside it, each on a server of its own, as they do otherwise
            (boxwatch.rules.proofs.batching): for rules that look at all servers together.
    """

    title: str
    series: tuple[Series, ...]
    at: int
    expects: tuple[Expected, ...] = ()
    interval: int = 60
    throughout: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample that a query must return: all its labels, and its value."""

    labels: dict[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A recording rule's proof: what a query returns, to the last label.

    Attributes:
        title: a sentence about what is shown.
        expr: the query.
        at: seconds after the first sample.
        samples: every sample that it returns; empty means none.
        series: the input.
        interval: seconds between samples and between evaluations.
    """

    title: str
    expr: str
    at: int
    samples: tuple[Sample, ...]
    series: tuple[Series, ...] = ()
    interval: int = 60


@dataclass(frozen=True, slots=True)
class Runbook:
    """What the engineer who was woken needs, in the order in which it is needed. Markdown, without headings.

    Attributes:
        meaning: what is true when this fires, and what its users notice.
        first_look: the first things to look at, one command or panel each.
        action: what to do, most likely cause first.
        false_alarms: when it is known to fire without need, and what to change then; "None known." where none is.
    """

    meaning: str
    first_look: tuple[str, ...]
    action: tuple[str, ...]
    false_alarms: str


@dataclass(frozen=True, slots=True)
class Record:
    """A recording rule.

    Attributes:
        record: name, level:metric:operations.
        expr: PromQL.
        labels: labels that are set on the result.
        doc: what the number means, with its unit.
    """

    record: str
    expr: str
    doc: str
    labels: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a name that is not level:metric:operations.

        Raises:
            ValueError: the name breaks the convention.
        """
        if not _RECORD_NAME.fullmatch(self.record):
            raise ValueError(f"recording rule {self.record!r} is not named level:metric:operations")


@dataclass(frozen=True, slots=True)
class Alert:
    """An alerting rule with everything that it owes to the person it wakes.

    Attributes:
        alert: name in CamelCase.
        expr: PromQL, with a comparison.
        wait: seconds for which the expression must hold (`for`).
        severity: critical wakes someone, warning is a ticket, info is for dashboards, none is for machines.
        summary: static sentence that groups the alert's instances.
        description: templated sentence about one instance.
        runbook: what to do.
        fires: cases in which it fires.
        silent: cases close to those in which it does not.
        threshold: the number that it compares with, where `Alerts.threshold` may change it; None where it may not.
        threshold_source: where that number comes from: a measurement, a document, a line of the topology.
        dashboard: id of the dashboard on which it can be seen, `postgres`; empty for the service's or the overview.
        panel: title of the panel there that shows it; empty for the whole dashboard.
        labels: labels beside the severity.
        counts: seconds for which the condition must hold where the query counts that itself, and `wait` is 0.
        shortest_wait: the shortest `for` that its query allows, seconds.
        instead: why it takes no other `for` from the topology, or not every one, and what to change instead.
    """

    alert: str
    expr: str
    wait: int
    severity: Severity
    summary: str
    description: str
    runbook: Runbook
    fires: tuple[Case, ...]
    silent: tuple[Case, ...]
    threshold: float | None = None
    threshold_source: str = ""
    dashboard: str = ""
    panel: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    counts: int = 0
    shortest_wait: int = 0
    instead: str = ""

    def __post_init__(self) -> None:
        """Refuse an alert without proof, or one that breaks the mixin guide's style.

        Raises:
            ValueError: what is missing.
        """
        if not self.fires or not all(case.expects for case in self.fires):
            raise ValueError(f"{self.alert} has no case that proves it fires")
        if (not self.silent and self.alert not in ALWAYS_FIRING) or any(case.expects for case in self.silent):
            raise ValueError(f"{self.alert} has no case that proves it stays silent")
        if not _ALERT_NAME.fullmatch(self.alert) or len(self.alert) > LONGEST_ALERT_NAME:
            raise ValueError(f"alert {self.alert!r} is not CamelCase of at most {LONGEST_ALERT_NAME} characters")
        if not _SUMMARY.fullmatch(self.summary) or "{{" in self.summary:
            raise ValueError(f"the summary of {self.alert} is not one static sentence")
        if (self.threshold is None) != (not self.threshold_source):
            raise ValueError(f"{self.alert} has a threshold without a source, or a source without a threshold")
        if "{{" not in self.description:
            raise ValueError(f"the description of {self.alert} names no instance")

    @property
    def patience(self) -> int:
        """Seconds for which the condition must hold, whoever counts them."""
        return self.counts or self.wait

    @property
    def takes_wait(self) -> bool:
        """Whether the topology may change how long its condition must hold."""
        return self.counts > 0 or not self.instead

    @property
    def for_(self) -> str:
        """`for` in Prometheus' notation."""
        return units.format_duration(self.wait)


class Told(TypedDict):
    """What people are told by an alert whose expression and proofs are made for it: keywords of `Alert`."""

    severity: Severity
    summary: str
    description: str
    runbook: Runbook
    panel: str


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated together, in order.

    Attributes:
        name: unique among all groups.
        rules: recording rules or alerts, not mixed: vmalert evaluates a group's rules side by side, so no rule reads
            what another of its group records.
    """

    name: str
    rules: tuple[Record, ...] | tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """One rule file: everything about one subject.

    Attributes:
        id: name of the module, the file, the golden and the page.
        title: what it is about, for people.
        groups: its groups, recording rules before the alerts that read them.
        measured: proofs of its recording rules; those of the alerts are in the alerts.
        reads: ids of the subjects whose recorded series its rules read, the plan's constants aside.
    """

    id: str
    title: str
    groups: tuple[Group, ...]
    measured: tuple[Measured, ...] = ()
    reads: tuple[str, ...] = ()

    @property
    def records(self) -> tuple[Record, ...]:
        """Its recording rules."""
        return tuple(rule for group in self.groups for rule in group.rules if isinstance(rule, Record))

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Its alerts."""
        return tuple(rule for group in self.groups for rule in group.rules if isinstance(rule, Alert))
