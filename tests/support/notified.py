"""The complete deployment with receivers, and an independent implementation of Alertmanager's routing."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

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


def receivers(route: alertmanager_file.Route, labels: Labels) -> tuple[str, ...]:
    """The receivers to which a route sends these labels, as Alertmanager decides (dispatch.Route.Match)."""
    found: list[str] = []
    for below in route.routes:
        if matches(below.matchers, labels):
            found += receivers(below, labels)
            if not below.goes_on:
                break
    return tuple(found) or (route.receiver,)


def receiver(route: alertmanager_file.Route, labels: Labels) -> str:
    """The only receiver to which a route sends these labels."""
    (found,) = receivers(route, labels)
    return found


def meant(document: Mapping[str, Any], labels: Labels) -> tuple[str, ...]:
    """The receivers that the text of a topology names for these labels, by their names in Alertmanager."""
    found = _meant(document, labels)
    shared = document.get("stack", {}).get("shared", False)
    return tuple(name if name == "blackhole" or not shared else f"{document['name']}/{name}" for name in found)


def _meant(document: Mapping[str, Any], labels: Labels) -> tuple[str, ...]:
    """As a person reads it."""
    told = document["notifications"]
    if labels["alertname"] == "Watchdog":
        return (f"{told['watchdog']}/heartbeat",) if "watchdog" in told else ("blackhole",)
    severity = labels["severity"] if labels["severity"] in ("critical", "info") else "warning"
    usual = ["critical", "warning", "info"] if "info" in told else ["critical", "warning"]
    for route in told.get("routes", []):
        conditions = {**route.get("labels", {}), **({"service": route["services"]} if "services" in route else {})}
        if severity in route.get("severities", usual) and all(
            labels.get(label, "") in _listed(values) for label, values in conditions.items()
        ):
            return _listed(route["to"])
    own = told.get("services", {}).get(labels.get("service", ""))
    if isinstance(own, dict):
        own = own.get(severity)
    elif severity not in usual:
        own = None
    return _listed(own) if own is not None else _listed(told.get(severity, "blackhole"))


def _listed(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
