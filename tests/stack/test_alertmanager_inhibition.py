"""Inhibition: a cause inhibits its consequences, and no critical alert is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.notified import Labels, matches, plain, said
from support.topologies import a_server, a_service, a_topology

from boxwatch.checks.alertmanager import alertmanager_file
from boxwatch.rules import catalogue as rules
from boxwatch.rules import inhibition
from boxwatch.stack import alertmanager
from boxwatch.topology.settings import Alerts


def _rules() -> Iterator[tuple[Any, tuple[alertmanager_file.Matcher, ...], tuple[alertmanager_file.Matcher, ...]]]:
    for node in alertmanager_file.read("a.yml", plain()).inhibitions():
        yield (
            [alertmanager_file.text(each) for each in alertmanager_file.items(alertmanager_file.fields(node)["equal"])],
            alertmanager_file.matchers(node, "source_"),
            alertmanager_file.matchers(node, "target_"),
        )


def _alert(name: str, severity: str, **labels: str) -> Labels:
    return {"alertname": name, "severity": severity, "server": "main", **labels}


def _silences(cause: Labels, consequence: Labels) -> bool:
    """Decide as Alertmanager does (inhibit.Inhibitor.Mutes, 0.25): alerts that are source and target are exempt."""
    return any(
        all(cause.get(label, "") == consequence.get(label, "") for label in equal)
        and matches(source, cause)
        and matches(target, consequence)
        and not (matches(target, cause) and matches(source, consequence))
        for equal, source, target in _rules()
    )


_DOWN = _alert("ServiceDown", "critical", service="api")


_DISK = _alert("HostDiskCritical", "critical", device="/dev/md2")


_BLIND = _alert("ContainerMetricsMissing", "critical")


_PROXY = _alert("ServiceDown", "critical", service="traefik")


_SCRAPE = _alert("TargetDown", "warning", job="traefik", service="traefik")


@pytest.mark.parametrize(
    ("cause", "consequence"),
    [
        (_DISK, _alert("HostDiskLow", "warning", device="/dev/md2")),
        (_BLIND, _DOWN),
        (_DOWN, _alert("ServiceErrorsHigh", "critical", service="api")),
        (_DOWN, _alert("AvailabilityBudgetBurnsFast", "critical", service="api")),
        (_DOWN, _alert("ProbeFailed", "critical", service="api", instance="https://api.example.com")),
        (_PROXY, _alert("ProbeFailed", "critical", service="api", instance="https://api.example.com")),
        (_alert("PostgresDown", "critical", service="postgres"),
         _alert("PostgresMetricsMissing", "warning", service="postgres")),
        (_alert("TargetDown", "warning", job="redis", service="redis"),
         _alert("RedisMetricsMissing", "warning", service="redis")),
        (_alert("TargetDown", "warning", job="node"), _alert("HostCollectorFailing", "warning", collector="disk")),
        (_SCRAPE, _alert("TraefikConfigStale", "warning")),
        (_alert("ProberDown", "warning", job="probe"), _alert("ProbeSlow", "warning", service="api")),
        (_alert("CoolifyTokenRefused", "warning", account="a", reason="401"),
         _alert("BackupTooOld", "warning", account="a", uuid="b")),
        (_alert("ServiceDown", "critical", service="coolify", component="app"),
         _alert("ServiceDown", "warning", service="coolify", component="app")),
    ],
)  # fmt: skip
def test_a_cause_inhibits_its_consequence_and_not_the_reverse(cause: Labels, consequence: Labels) -> None:
    """Only one of the two alerts notifies."""
    assert _silences(cause, consequence)
    assert not _silences(consequence, cause)


@pytest.mark.parametrize(
    ("cause", "other"),
    [
        (_DISK, _alert("HostDiskLow", "warning", device="/dev/md3")),
        (_DISK, _alert("HostDiskLow", "warning", device="/dev/md2") | {"server": "second"}),
        (_DOWN, _alert("ServiceErrorsHigh", "critical", service="web")),
        (_DOWN, _alert("ServiceDown", "warning", service="api", component="cache")),
        (_DOWN, _alert("ProbeFailed", "critical", service="web", instance="https://web.example.com")),
        (_DOWN, _alert("ContainerOomKilled", "critical", service="api", resource="api-1")),
        (_BLIND, _alert("PostgresDown", "critical", service="postgres")),
        (_BLIND, _alert("HostDiskCritical", "critical", device="/dev/md2")),
        (_BLIND, _DOWN | {"server": "second"}),
        (_SCRAPE, _alert("ServiceErrorsHigh", "critical", service="api")),
        (_alert("ProberDown", "warning", job="probe"), _alert("ProbeFailed", "critical", service="api")),
        (_alert("TargetDown", "warning", job="node"), _alert("HostDiskCritical", "critical", device="/dev/md2")),
        (_DISK, _alert("MyOwn", "warning", device="/dev/md2")),
    ],
)  # fmt: skip
def test_an_alert_with_another_cause_is_not_inhibited(cause: Labels, other: Labels) -> None:
    """The cause differs in device, server, service or component, or is a warning where the alert is critical."""
    assert not _silences(cause, other)


def test_no_critical_alert_is_inhibited_by_one_that_may_not_notify() -> None:
    """A warning may fall into a quiet time, and an info alert has no receiver."""
    for _, source, target in _rules():
        severity = next(value for label, _, value in source if label == "severity")
        silenced = next(value for label, _, value in target if label == "severity").split("|")
        assert severity in ("critical", "warning")
        assert severity == "critical" or "critical" not in silenced


def test_no_alert_inhibits_its_own_cause() -> None:
    """No rule inhibits everything on a server by accident either."""
    for equal, source, target in _rules():
        assert equal
        assert any(label == "alertname" for label, _, _ in source)
        assert any(label == "alertname" for label, _, _ in target)


def test_an_alert_tuned_to_info_inhibits_nothing() -> None:
    """It sends no notification itself."""
    tuned = Alerts.model_validate({"rules": {"ContainerMetricsMissing": {"severity": "info"}}})
    topology = said().model_copy(update={"alerts": tuned})
    file = alertmanager_file.read("a.yml", alertmanager.files(rules.build(topology))[alertmanager.PATH])
    silenced = [
        node
        for node in file.inhibitions()
        if matches(alertmanager_file.matchers(node, "source_"), _BLIND | {"severity": "info"})
        or any("ContainerMetricsMissing" in value for _, _, value in alertmanager_file.matchers(node, "source_"))
    ]
    assert silenced == []


def test_a_server_that_is_down_notifies_once() -> None:
    """On Prometheus' own server only the exporter can be down, so that server is excluded."""
    two = a_topology(
        servers=(a_server(), a_server("second", address="10.0.0.2")),
        services=(a_service(), a_service("api", server="second")),
    )
    causes = [cause for cause in inhibition.causes(two) if cause.but]
    assert [(cause.matchers, cause.but) for cause in causes] == [(('job="node"', 'server!="main"'), ('job!="node"',))]
    assert not any(cause.but for cause in inhibition.causes(a_topology()))
