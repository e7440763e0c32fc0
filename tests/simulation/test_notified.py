"""The timeline of notifications, and the verdict on it."""

from __future__ import annotations

from typing import Any

from boxwatch.simulation.scenario import Expected, Scenario
from boxwatch.simulation.timeline import Timeline
from boxwatch.simulation.verdict import complete, judge

_DOWN = Expected("ServiceDown", "web", "critical")
_LOST = Scenario("lost", "Something stops.", expects=(_DOWN,))


def _message(alert: str, status: str = "firing", **labels: str) -> dict[str, Any]:
    labels = {"alertname": alert, "severity": "critical", "server": "main", **labels}
    return {"alerts": [{"status": status, "labels": labels, "annotations": {"summary": "It is down."}}]}


def _timeline(*messages: dict[str, Any]) -> Timeline:
    found = Timeline()
    for number, message in enumerate((_message("Watchdog"), *messages)):
        found.receive(message, 100.0 + number)
    return found


def test_each_change_of_an_alert_is_noticed_once() -> None:
    """Alertmanager sends a group again when another of its alerts changes; the heartbeat is counted apart."""
    found = _timeline(
        _message("ServiceDown", service="web"),
        _message("ServiceDown", service="web"),
        _message("ServiceDown", "resolved", service="web"),
        _message("ServiceDown", service="web"),
    )

    assert [(notice.at, notice.status) for notice in found.notices] == [
        (101.0, "firing"), (103.0, "resolved"), (104.0, "firing")
    ]  # fmt: skip
    assert found.heartbeats == 1
    assert found.fired() == (_DOWN,)
    assert [notice.key for notice in found.firing()] == [_DOWN]
    assert found.notices[0].summary == "It is down."


def test_an_alert_is_about_its_service_or_else_its_server() -> None:
    """Coolify names servers in a label of its own."""
    found = _timeline(_message("HostDiskLow"), _message("CoolifyServerUnreachable", coolify_server="db"))

    assert [notice.key.subject for notice in found.notices] == ["main", "db"]


def test_exactly_the_expected_alerts_pass() -> None:
    """Fired and resolved, with a heartbeat."""
    fired = _message("ServiceDown", service="web")
    resolved = _message("ServiceDown", "resolved", service="web")

    assert judge(_LOST, _timeline(fired, resolved)).passed
    assert complete(_LOST, _timeline(fired, resolved))
    assert not complete(_LOST, _timeline(fired))
    assert not complete(Scenario("calm", "Nothing."), _timeline())
    assert judge(Scenario("calm", "Nothing."), _timeline()).passed


def test_every_deviation_is_named() -> None:
    """Missing, unexpected, unresolved, and a silent Alertmanager."""
    other = _message("RedisDown", service="cache")

    assert judge(_LOST, _timeline(other)).lines() == (
        "not notified: ServiceDown (critical) of web",
        "notified although not expected: RedisDown (critical) of cache",
    )
    assert judge(_LOST, _timeline(_message("ServiceDown", service="web"))).lines() == (
        "not resolved at the end: ServiceDown (critical) of web",
    )
    assert judge(Scenario("calm", "Nothing."), Timeline()).lines() == (
        "no heartbeat arrived: Alertmanager notified nobody of the Watchdog",
    )


def test_an_overloaded_computer_is_named_as_the_reason() -> None:
    """Prometheus' missed evaluations are those of the computer that plays the demo."""
    missed = _message("PrometheusMissedEvaluations")

    assert judge(Scenario("calm", "Nothing."), _timeline(missed)).lines()[-1] == (
        "this computer may be too slow or too busy for compressed time: lower --speed"
    )
