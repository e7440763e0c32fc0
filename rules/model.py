"""The model of rules: recording rules, alerts with their proofs and runbooks, groups and subjects.

An `Alert` cannot be constructed without proof: at least one `Case` in which it fires and a similar one in which it
stays silent. `boxwatch.rules.proofs.promtool` renders the cases as promtool unit tests, `boxwatch.rules.runbook` the
runbook as a page. Everything here is a frozen value; nothing reads a file, a clock or the environment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from boxwatch.topology import units

Severity = Literal["critical", "warning", "info", "none"]

# The alert that always fires, so that its absence is noticed; checks.alert_comparison exempts it too.
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
        series: metric name and labels as in the exposition format: `up{job="cadvisor",server="main"}`.
        values: samples in promtool's notation, one per interval of the case: `1x10`, `0+60x5`, `1 _ _ 1`, `stale`.
    """

    series: str
    values: str


@dataclass(frozen=True, slots=True)
class Expected:
    """One instance that must be firing, compared exactly.

    Attributes:
        labels: all labels except `alertname` and the severity, which the alert adds.
        description: the description after templating, as the engineer reads it.
    """

    labels: dict[str, str]
    description: str


@dataclass(frozen=True, slots=True)
class Case:
    """Input series and the instances of an alert that must fire for them.

    Attributes:
        title: a predicate: "fires when half of the replicas are gone for longer than a deploy takes".
        series: the complete input.
        at: seconds after the first sample at which the alert is evaluated.
        expects: the instances that fire then; empty means that the alert must be silent.
        interval: seconds between samples and between evaluations.
        throughout: the alert must stay silent from the first sample until `at`, not only at `at`.
        apart: not batched with other cases (boxwatch.rules.proofs.batching): for rules that combine servers.
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
    """A sample that a query must return: all its labels and its value."""

    labels: dict[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The proof of a recording rule: the exact result of a query.

    Attributes:
        title: a sentence stating what is proven.
        expr: the query.
        at: seconds after the first sample at which it is evaluated.
        samples: every sample that it returns; empty means none.
        series: the complete input.
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
    """Instructions for the engineer who was paged, in the order of use. Markdown, without headings.

    Attributes:
        meaning: what is wrong when this fires, and what users notice.
        first_look: the first checks, one command or panel each.
        action: what to do, most likely cause first.
        false_alarms: known cases in which it fires needlessly, and what to change then; "None known." if there are
            none.
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
        labels: labels set on the result.
        doc: meaning of the number, with its unit.
    """

    record: str
    expr: str
    doc: str
    labels: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Reject a name that does not follow level:metric:operations.

        Raises:
            ValueError: the name breaks the convention.
        """
        if not _RECORD_NAME.fullmatch(self.record):
            raise ValueError(f"recording rule {self.record!r} is not named level:metric:operations")


@dataclass(frozen=True, slots=True)
class Alert:
    """An alerting rule with everything that the person it pages needs.

    Attributes:
        alert: name in CamelCase.
        expr: PromQL, with a comparison.
        wait: seconds for which the expression must hold (`for`).
        severity: critical pages someone, warning opens a ticket, info is for dashboards, none is for software.
        summary: static sentence that applies to all instances.
        description: templated sentence about one instance.
        runbook: what to do.
        fires: cases in which it fires.
        silent: similar cases in which it stays silent.
        threshold: the number it compares with, if `Alerts.threshold` may override it; otherwise None.
        threshold_source: origin of that number: a measurement, a document, a line of the topology.
        dashboard: id of the dashboard that shows it, `postgres`; empty for the service dashboard or the overview.
        panel: title of the panel that shows it; empty for the whole dashboard.
        labels: labels besides the severity.
        counts: seconds for which the condition must hold if the query counts them itself and `wait` is 0.
        shortest_wait: the shortest `for` that its query allows, seconds.
        instead: why the topology cannot override `for`, or not with every value, and what to change instead.
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
        """Reject an alert without proof, or one that breaks the style of the mixin guide.

        Raises:
            ValueError: something is missing; the message says what.
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
    def effective_wait(self) -> int:
        """Seconds for which the condition must hold, by `for` or counted by the query."""
        return self.counts or self.wait

    @property
    def takes_wait(self) -> bool:
        """Whether the topology may override how long the condition must hold."""
        return self.counts > 0 or not self.instead

    @property
    def for_(self) -> str:
        """`for` in Prometheus' notation."""
        return units.format_duration(self.wait)


class AlertTexts(TypedDict):
    """Texts of an alert whose expression and proofs a pattern makes: keyword arguments of `Alert`."""

    severity: Severity
    summary: str
    description: str
    runbook: Runbook
    panel: str


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated together, in order.

    Attributes:
        name: name, unique among all groups.
        rules: recording rules or alerts, not mixed. Because vmalert evaluates a group's rules in parallel, no rule
            reads a series that another one in its group records.
    """

    name: str
    rules: tuple[Record, ...] | tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """All rules about one subject: one rule file.

    Attributes:
        id: name of the module, the rule file, its stored copy and the page.
        title: human-readable title.
        groups: its groups, with recording rules before the alerts that read them.
        measured: proofs of its recording rules; alerts carry their own.
        reads: ids of the subjects whose recorded series its rules read, except the plan's constants.
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
