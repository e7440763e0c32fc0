"""The alerts to backtest: from files or from the server, each with when it is evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.live.backtest.inline import Recorded
from boxwatch.live.samples import LiveGroup
from boxwatch.live.source import Prometheus, QueryError, seconds
from boxwatch.promql.render import quoted

# Prometheus' default.
DEFAULT_INTERVAL = 60.0


@dataclass(frozen=True, slots=True)
class AlertRule:
    """An alert to backtest.

    Attributes:
        name: its name.
        expr: its expression.
        wait: seconds of `for`.
        keep: seconds of `keep_firing_for`.
        labels: labels that it sets.
        interval: seconds between evaluations.
        phase: seconds after a multiple of the interval at which it is evaluated.
    """

    name: str
    expr: str
    wait: float
    keep: float
    labels: Mapping[str, str] = field(default_factory=dict)
    interval: float = DEFAULT_INTERVAL
    phase: float = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """Alerts, and the recording rules that their expressions may read."""

    alerts: tuple[AlertRule, ...]
    records: Mapping[str, Sequence[Recorded]]


def of_files(
    files: Iterable[RuleFile], groups: Sequence[LiveGroup], phases: Mapping[str, float], default: float
) -> Rules:
    """The rules of files. A group that the server has loaded under the same name is evaluated when that one is.

    Args:
        files: the rule files.
        groups: the groups that the server has loaded.
        phases: name of a group → its phase.
        default: the global evaluation interval.
    """
    live = {group.name: group.interval for group in groups}
    alerts: list[AlertRule] = []
    records: dict[str, list[Recorded]] = {}
    for file in files:
        for group in file.groups:
            interval = seconds(group.interval) or default
            phase = phases.get(group.name, 0.0) if live.get(group.name) == interval else 0.0
            for rule in group.rules:
                if rule.kind == "record":
                    records.setdefault(rule.name, []).append(Recorded(rule.name, rule.expr, rule.labels, interval))
                elif rule.kind == "alert":
                    wait, keep = seconds(rule.wait), seconds(rule.keep)
                    alerts.append(AlertRule(rule.name, rule.expr, wait, keep, rule.labels, interval, phase))
    return Rules(tuple(alerts), records)


def of_server(groups: Sequence[LiveGroup], phases: Mapping[str, float]) -> Rules:
    """The rules that the server has loaded."""
    alerts = tuple(
        AlertRule(rule.name, rule.expr, rule.wait, rule.keep, rule.labels, group.interval, phases.get(group.name, 0.0))
        for group in groups
        for rule in group.rules
        if rule.kind == "alert"
    )
    records: dict[str, list[Recorded]] = {}
    for group in groups:
        for rule in group.rules:
            if rule.kind == "record":
                records.setdefault(rule.name, []).append(Recorded(rule.name, rule.expr, rule.labels, group.interval))
    return Rules(alerts, records)


def phases(source: Prometheus, groups: Sequence[LiveGroup], at: float) -> dict[str, float]:
    """Name of a group → seconds after a multiple of its interval at which it is evaluated.

    The timestamp of a sample that the group wrote is exact. Of a group that has written none, the start of its last
    evaluation is known, which is milliseconds later.
    """
    writers: dict[str, int] = {}
    for group in groups:
        for name in {rule.name for rule in group.rules}:
            writers[name] = writers.get(name, 0) + 1

    def phase(group: LiveGroup) -> tuple[str, float]:
        for rule in group.rules:
            if writers[rule.name] == 1:
                name = rule.name if rule.kind == "record" else f"ALERTS{{alertname={quoted(rule.name)}}}"
                try:
                    found = source.query(f"max(timestamp({name}))", at)
                except QueryError:
                    continue
                if found:
                    return group.name, round(found[0].value % group.interval, 3)
        return group.name, round(group.evaluated % group.interval, 3) if group.evaluated else 0.0

    return dict(source.each(phase, [group for group in groups if group.interval]))
