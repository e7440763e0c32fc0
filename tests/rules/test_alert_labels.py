"""Labels that the topology adds to alerts: the deployment's, a service's, an alert's own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.artefacts import complete_alerts
from support.deployments import LABEL_VALUES
from support.topologies import a_service, a_topology

from boxwatch.rules import alert_labels, catalogue
from boxwatch.rules.model import Alert
from boxwatch.topology import alert_fields
from boxwatch.topology.model import Topology
from boxwatch.topology.wording import Unfit

# The services are called as in the proofs, so that these speak of labelled services.
_SERVICES = (
    a_service("api", labels={"team": "core"}),
    a_service("web", labels={"team": "shop", "tier": "1"}),
    a_service("postgres", kind="postgres", labels={"team": "shop"}),
    a_service("redis", kind="redis"),
)


def _labelled() -> Topology:
    return a_topology(
        services=_SERVICES,
        labels={"tenant": "acme", "team": "ops"},
        alerts={"rules": {"ServiceCrashLooping": {"labels": {"team": "night"}}}},
    )


def _alert(topology: Topology, name: str) -> Alert:
    return next(alert for subject in catalogue.subjects(topology) for alert in subject.alerts if alert.alert == name)


def test_a_service_precedes_the_deployment_and_an_alert_precedes_both() -> None:
    """One rule fires for many services, so the label is a template; where it depends on none, it is plain."""
    topology = _labelled()
    down, loop, disk = (_alert(topology, name) for name in ("ServiceDown", "ServiceCrashLooping", "HostDiskLow"))

    assert alert_labels.labels(topology, down)["team"] == (
        '{{ if eq $labels.service "api" }}core'
        '{{ else if eq $labels.service "web" "postgres" }}shop{{ else }}ops{{ end }}'
    )
    assert alert_labels.labels(topology, down)["tier"] == '{{ if eq $labels.service "web" }}1{{ end }}'
    assert alert_labels.labels(topology, loop)["team"] == "night"
    assert alert_labels.labels(topology, disk) == {"severity": "warning", "tenant": "acme", "team": "ops"}


@pytest.mark.parametrize(
    ("service", "added"),
    [
        ("api", {"team": "core", "tenant": "acme"}),
        ("web", {"team": "shop", "tier": "1", "tenant": "acme"}),
        ("redis", {"team": "ops", "tenant": "acme"}),
        ("elsewhere", {"team": "ops", "tenant": "acme"}),
    ],
)
def test_a_firing_alert_has_the_labels_of_its_service(service: str, added: dict[str, str]) -> None:
    """A service without labels, or one that is not in the topology, has those of the deployment."""
    topology = _labelled()
    found = alert_labels.labels_of(topology, _alert(topology, "ServiceDown"), {"service": service, "server": "main"})
    assert found == {"severity": "critical", "service": service, "server": "main", **added}


@pytest.mark.parametrize("labels", [{"team": "ops"}, {"team": 'say "$hi" \\', "_x": "$value"}])
def test_promtool_expands_them_to_the_same(
    program: Callable[[str], str], tmp_path: Path, labels: dict[str, str]
) -> None:
    """All proofs of the alerts on replicas, whose services have labels, and the deployment too."""
    topology = _labelled().model_copy(update={"labels": labels})
    for path, content in catalogue.files(catalogue.build(topology)).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    tests = [f"prometheus/tests/{name}-30s.yaml" for name in ("replica_health", "host_disk")]
    expected = [
        alert["exp_labels"]
        for test in tests
        for one in yaml.safe_load((tmp_path / test).read_text(encoding="utf-8"))["tests"]
        for look in one.get("alert_rule_test", [])
        for alert in look["exp_alerts"]
    ]
    assert {"core", labels["team"]} <= {one.get("team") for one in expected}

    command = [program("promtool"), "test", "rules", *tests]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_label_of_an_alert_may_be_overwritten() -> None:
    """Two alerts that differ only in it would be one."""
    own = {label for alert in complete_alerts() for case in alert.fires for one in case.expects for label in one.labels}
    assert own <= alert_fields.OWN_LABELS


@given(label=st.sampled_from([*sorted(alert_fields.OWN_LABELS), "boxwatch_test_receiver", "__name__", "1a", "a-b"]))
def test_a_label_that_identifies_an_alert_is_refused(label: str) -> None:
    """As is one that is no label name, or marks test alerts."""
    with pytest.raises(Unfit):
        alert_fields.labels({label: "x"})


@given(values=st.lists(st.sampled_from(LABEL_VALUES), min_size=1))
def test_a_route_takes_the_values_that_a_label_may_have(values: list[str]) -> None:
    """One or several, each of them once."""
    assert alert_fields.choices({"team": values}) == {"team": tuple(dict.fromkeys(values))}
    assert alert_fields.choices({"team": values[0]}) == {"team": (values[0],)}
    assert alert_fields.labels({"team": values[0]}) == {"team": values[0]}
