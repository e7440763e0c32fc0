"""The complete deployment with receivers, and an independent implementation of Alertmanager's routing."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from boxwatch.checks.alertmanager import alertmanager_file
from boxwatch.rules.model import Alert
from boxwatch.stack import alertmanager
from boxwatch.topology.model import Topology
from boxwatch.topology.notifications import Notifications
from support.artefacts import complete_subjects
from support.topologies import complete

Labels = dict[str, str]


HOOK = {"webhook": {"url": "https://hook.example.com"}}


SAID = {
    "receivers": dict.fromkeys(("night", "office", "dba", "heartbeat"), HOOK),
    "critical": "night",
    "warning": "office",
    "watchdog": "heartbeat",
    "services": {"postgres": "dba"},
}


def said(**changes: object) -> Topology:
    """The complete topology with receivers."""
    told = Notifications.model_validate(SAID | changes)
    return complete().model_copy(update={"notifications": told})


@functools.cache
def plain() -> bytes:
    """Alertmanager's configuration for `said()`."""
    return alertmanager.configuration(said(), complete_subjects())


def everything() -> Iterator[tuple[Alert, Labels]]:
    """Every alert with each set of labels that its proofs expect."""
    for subject in complete_subjects():
        for alert in subject.alerts:
            for case in alert.fires:
                for expected in case.expects:
                    yield alert, {**expected.labels, "alertname": alert.alert, "severity": alert.severity}


def wanted(labels: Labels) -> str:
    """The intended receiver of an alert."""
    if labels["alertname"] == "Watchdog":
        return "heartbeat/heartbeat"
    if labels["severity"] == "info":
        return "blackhole"
    if labels.get("service") == "postgres":
        return "dba"
    return {"critical": "night", "warning": "office"}[labels["severity"]]


def matches(matchers: tuple[alertmanager_file.Matcher, ...], labels: Labels) -> bool:
    """Whether labels satisfy all matchers."""

    def one(label: str, operator: str, value: str) -> bool:
        has = labels.get(label, "")
        same = has == value if operator in ("=", "!=") else re.fullmatch(value, has) is not None
        return same == (operator[0] == "=")

    return all(one(*matcher) for matcher in matchers)


def receiver(route: alertmanager_file.Route, labels: Labels) -> str:
    """The receiver to which a route sends these labels."""
    for below in route.routes:
        if matches(below.matchers, labels):
            return receiver(below, labels)
    return route.receiver
