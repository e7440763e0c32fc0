"""Pairs of a warning and a critical alert on the same number, whose thresholds must not cross.

The pairs are derived: their queries are equal except for the threshold. The topology may tune either alert, for all
services or for some, as long as the warning still comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from boxwatch.rules.model import Alert, Subject
from boxwatch.rules.patterns import paging
from boxwatch.rules.patterns.fragments import number
from boxwatch.topology import units
from boxwatch.topology.model import Topology
from boxwatch.topology.reading.document import Path
from boxwatch.topology.reading.problems import Issue
from boxwatch.topology.settings import AlertTuning, Tuning

_HOUR = 3600
_NOTHING = AlertTuning()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two alerts on one number.

    Attributes:
        grave: the alert with the more extreme threshold.
        mild: the alert that should fire first.
        below: whether they fire below their thresholds rather than above.
    """

    grave: Alert
    mild: Alert
    below: bool


def pairs(subjects: Iterable[Subject]) -> tuple[Pair, ...]:
    """Every pair among untuned alerts."""
    found: dict[str, dict[str, Alert]] = {}
    for subject in subjects:
        for alert in subject.alerts:
            if alert.threshold is not None:
                found.setdefault(_asked(alert, alert.threshold), {}).setdefault(alert.alert, alert)
    return tuple(
        Pair(grave, mild, below)
        for asked, alerts in found.items()
        for one in alerts.values()
        for other in alerts.values()
        if _threshold(one) < _threshold(other)
        for below in (f"< {_HERE}" in asked,)
        for grave, mild in (((one, other) if below else (other, one)),)
    )


def issues(topology: Topology, subjects: Iterable[Subject]) -> Iterator[Issue]:
    """Tuned thresholds that would make the graver alert of a pair fire first.

    Args:
        topology: the topology with the tuning.
        subjects: its subjects without the tuning.
    """
    rules = topology.alerts.rules
    for pair in pairs(subjects) if rules else ():
        grave, mild = (rules.get(alert.alert, _NOTHING) for alert in (pair.grave, pair.mild))
        for service in (None, *dict.fromkeys((*grave.services, *mild.services))):
            issue = _crossed(pair, grave, mild, service)
            if issue is not None:
                yield issue
                break


def _crossed(pair: Pair, grave: AlertTuning, mild: AlertTuning, service: str | None) -> Issue | None:
    one, other = (_of(tuning, service) for tuning in (grave, mild))
    far, near = one.threshold or _threshold(pair.grave), other.threshold or _threshold(pair.mild)
    if not (one.enabled and other.enabled) or not (far > near if pair.below else far < near):
        return None
    # The issue belongs to the tuned threshold, or to the graver one if both are tuned.
    said, tuning, alert, rest, limit = (
        (one, grave, pair.grave, pair.mild, near) if one.threshold else (other, mild, pair.mild, pair.grave, far)
    )
    less = pair.below == (said is one)
    path = _written(alert.alert, tuning, service)
    message = f"{_shown(said.threshold or 0)} would have {pair.grave.alert} fire before {pair.mild.alert}"
    word = "less" if less else "more"
    return Issue(path, message, f"write {word} than the {_shown(limit)} of {rest.alert}")


def _of(tuning: AlertTuning, service: str | None) -> Tuning:
    return tuning if service is None or service not in tuning.services else tuning.services[service].over(tuning)


def _written(alert: str, tuning: AlertTuning, service: str | None) -> Path:
    own = service is not None and service in tuning.services and tuning.services[service].threshold is not None
    return ("alerts", "rules", alert, *(("services", str(service)) if own else ()), "threshold")


# Stands for the threshold.
_HERE = "…"


def _asked(alert: Alert, threshold: float) -> str:
    """The query without its threshold and its services."""
    return re.sub(r"([<>]) " + re.escape(number(threshold)) + r"(?![\d.])", rf"\1 {_HERE}", paging.common(alert.expr))


def _threshold(alert: Alert) -> float:
    return alert.threshold or 0


def _shown(threshold: float) -> str:
    """A threshold as the user would write it: shares as percentages, long times in hours and days."""
    if threshold <= 1:
        return f"{100 * threshold:.10g}%"
    seconds = int(threshold)
    return units.format_duration(seconds) if seconds >= _HOUR and seconds == threshold else f"{threshold:.10g}"
