"""Every alert reaches whom it is for."""

from __future__ import annotations

from support.notified import everything, plain, receiver, wanted

from boxwatch.checks.alertmanager import alertmanager_file


def test_every_alert_reaches_whom_it_is_for() -> None:
    """With every set of labels that the proofs have, by our own reading of the routes."""
    route = alertmanager_file.read("a.yml", plain()).route
    assert route is not None
    found = {(alert.alert, receiver(route, labels), wanted(labels)) for alert, labels in everything()}

    assert len(found) > 100
    assert [each for each in found if each[1] != each[2]] == []


def test_an_alert_with_a_severity_of_its_own_reaches_somebody() -> None:
    """Whoever gets the warnings."""
    route = alertmanager_file.read("a.yml", plain()).route
    assert route is not None
    assert receiver(route, {"alertname": "Mine", "severity": "page"}) == "office"
