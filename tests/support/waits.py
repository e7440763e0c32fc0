"""Alerts whose `for` the topology can override: as declared, and as in the generated rules."""

from __future__ import annotations

from collections.abc import Iterable

from boxwatch.rules import catalogue
from boxwatch.rules.model import Subject
from boxwatch.topology.model import Topology
from boxwatch.topology.settings import Tuning


def overridable_waits(subjects: Iterable[Subject]) -> frozenset[str]:
    """Names of the alerts that declare an overridable `for`."""
    return frozenset(alert.alert for subject in subjects for alert in subject.alerts if alert.takes_wait)


def lengthened(topology: Topology) -> frozenset[str]:
    """Names of the alerts whose `for` grows by a minute when the topology asks for it on every alert."""
    before = {alert.alert: alert.effective_wait for subject in catalogue.subjects(topology) for alert in subject.alerts}
    alerts = topology.alerts
    for name, wait in before.items():
        alerts = alerts.tuned(name, Tuning.model_construct(wait=wait + 60))
    asked = topology.model_copy(update={"alerts": alerts})
    # Not by `catalogue.build`, which refuses what an alert does not take.
    made = (make(asked) for make in catalogue.SUBJECTS)
    return frozenset(
        alert.alert
        for subject in made
        for alert in (subject.alerts if subject else ())
        if alert.effective_wait == before[alert.alert] + 60
    )
