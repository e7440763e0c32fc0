"""Routes: every alert reaches its receiver."""

from __future__ import annotations

from support.notified import everything, plain, receiver, wanted

from boxwatch.checks.alertmanager import alertmanager_file


def test_every_alert_reaches_its_receiver() -> None:
    """Checked for every set of labels in the proofs, by our own evaluation of the routes."""
    route = alertmanager_file.read("a.yml", plain()).route
    assert route is not None
    found = {(alert.alert, receiver(route, labels), wanted(labels)) for alert, labels in everything()}

    assert len(found) > 100
    assert [each for each in found if each[1] != each[2]] == []


def test_an_alert_of_unknown_severity_reaches_a_receiver() -> None:
    """It goes to the receiver of warnings."""
    route = alertmanager_file.read("a.yml", plain()).route
    assert route is not None
    assert receiver(route, {"alertname": "Mine", "severity": "page"}) == "office"
