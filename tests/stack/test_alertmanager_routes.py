"""Routes: every alert reaches exactly its receivers."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from support import deployments, rotation
from support.artefacts import complete_alerts
from support.deployments import LABEL_VALUES
from support.notified import Labels, everything, meant, plain, receiver, receivers, said, wanted

from boxwatch.checks.alertmanager import alertmanager_file
from boxwatch.rules import alert_labels, deployment
from boxwatch.stack import alertmanager
from boxwatch.topology.model import Topology

Program = Callable[[str], str]
_PLENTY = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


def test_every_alert_reaches_its_receiver() -> None:
    """Checked for every set of labels in the proofs, by our own evaluation of the routes."""
    route = alertmanager_file.read("a.yml", plain()).route
    assert route is not None
    found = {(alert.alert, receiver(route, labels), wanted(labels)) for alert, labels in everything()}

    assert len(found) > 100
    assert [each for each in found if each[1] != each[2]] == []


def test_an_alert_of_unknown_severity_reaches_a_receiver() -> None:
    """It goes to the receiver of warnings, and that of a service to the service's."""
    route = alertmanager_file.read("a.yml", plain()).route
    assert route is not None
    assert receiver(route, {"alertname": "Mine", "severity": "page"}) == "office"
    assert receiver(route, {"alertname": "Mine", "severity": "page", "service": "postgres"}) == "dba"


@functools.cache
def _kinds() -> tuple[tuple[str, str, bool], ...]:
    """(alert, severity, whether it is about a service) of every alert that there is, and of a foreign one."""
    found = {
        (alert.alert, alert.severity, bool(alert.fires[0].expects[0].labels.get("service")))
        for alert in complete_alerts()
    }
    return (*sorted(found), ("Mine", "page", True), ("Mine", "page", False))


def _fired(topology: Topology) -> Iterator[Labels]:
    """Labels of alerts as this topology's rules would fire them, about each of its services."""
    labelled = {alert.alert: alert for alert in complete_alerts()}
    for name, severity, of_service in _kinds():
        for service in topology.services if of_service else (None,):
            labels = {"server": topology.servers[0].name, **({"service": service.name} if service else {})}
            if name in labelled:
                labels = alert_labels.labels_of(topology, labelled[name], labels)
            yield {**labels, **deployment.labels(topology), "alertname": name, "severity": severity}


@settings(rotation.examples(25), suppress_health_check=_PLENTY, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(text=deployments.notified())
def test_every_alert_of_any_deployment_reaches_exactly_the_receivers_that_the_file_names(text: str) -> None:
    """Labels, services, severities and lists of receivers, in any combination that the loader accepts."""
    loaded = deployments.accepted(text)
    if loaded is None:
        return
    route = alertmanager_file.read("a.yml", alertmanager.configuration(loaded.topology, ())).route
    assert route is not None
    document = json.loads(text)
    for labels in _fired(loaded.topology):
        # Without rules there is no Watchdog, and no route for it.
        if labels["alertname"] != "Watchdog":
            assert receivers(route, labels) == meant(document, labels), (labels, text)


@pytest.mark.parametrize("value", LABEL_VALUES)
def test_a_value_is_no_regular_expression(value: str) -> None:
    """A list of values becomes one, in which a dot or a bar means itself."""
    values = [other for other in LABEL_VALUES if other != value]
    for some in (values[:2], values[-2:], values):
        file = alertmanager.configuration(said(routes=[{"labels": {"team": some}, "to": "dba"}]), ())
        route = alertmanager_file.read("a.yml", file).route
        assert route is not None
        labels = {"alertname": "Mine", "severity": "critical"}
        assert receiver(route, {**labels, "team": value}) == "night"
        assert all(receiver(route, {**labels, "team": one}) == "dba" for one in some)


@pytest.mark.parametrize("whole", rotation.WHOLE)
def test_amtool_says_the_same_about_any_deployment(program: Program, tmp_path: Path, *, whole: bool) -> None:
    """Alertmanager's own program is the judge of our evaluation."""
    tool = program("amtool")
    file = tmp_path / "alertmanager.yml"

    @settings(max_examples=30 if whole else 5, suppress_health_check=_PLENTY, phases=[Phase.explicit, Phase.generate])
    @given(text=deployments.notified())
    def agrees(text: str) -> None:
        loaded = deployments.accepted(text)
        if loaded is None:
            return
        content = alertmanager.configuration(loaded.topology, ())
        # Which receivers there are depends on no setting of theirs, and this amtool may not know all of these.
        file.write_text(re.sub(r"^( +(?:- )?)\w+_configs:\n(?: {2,}.*\n)+", "", content.decode(), flags=re.MULTILINE))
        fired = [labels for labels in _fired(loaded.topology) if labels["alertname"] != "Watchdog"]
        for labels in rotation.sample(fired, 8, text):
            wants = ",".join(meant(json.loads(text), labels))
            command = [tool, "config", "routes", "test", f"--config.file={file}", f"--verify.receivers={wants}"]
            # The shell's quotes are amtool's too.
            command += [f"{key}={_quoted(value)}" for key, value in labels.items()]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{labels}\n{text}\n{done.stdout}{done.stderr}"

    agrees()


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
