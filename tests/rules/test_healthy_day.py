"""Healthy days come close to firing alerts: with shorter waits or stricter thresholds they would."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from support.artefacts import complete_subjects
from support.topologies import a_service, a_topology, complete
from support.waits import overridable_waits

from boxwatch.rules import catalogue, healthy_day
from boxwatch.rules.model import Alert, Subject
from boxwatch.rules.proofs.promtool import everything_file
from boxwatch.rules.rule_file import rule_file
from boxwatch.topology.kinds import KINDS
from boxwatch.topology.model import Topology
from boxwatch.topology.settings import Alerts
from boxwatch.topology.units import format_duration


def _fired(topology: Topology, of: tuple[Subject, ...], promtool: str, place: Path) -> set[str]:
    """The alerts of a topology that fire on the healthy days of some subjects."""
    concerned = healthy_day.concerned(catalogue.subjects(topology))
    (place / "rules").mkdir()
    (place / "tests").mkdir()
    for subject in concerned:
        (place / f"rules/{subject.id}.yaml").write_bytes(rule_file(topology, subject))
    (place / "tests/ordinary.yaml").write_bytes(everything_file(topology, concerned, healthy_day.days(topology, of)))
    done = subprocess.run(
        [promtool, "test", "rules", "tests/ordinary.yaml"], cwd=place, capture_output=True, text=True, check=False
    )
    found = set(re.findall(r'\balertname="(\w+)", alertstate="firing"', done.stdout + done.stderr))
    assert (done.returncode == 0) == (not found), done.stdout + done.stderr
    return found


def _shortest(alert: Alert) -> str:
    """The shortest `for` that an alert accepts."""
    return format_duration(alert.shortest_wait) if alert.shortest_wait else "0s"


def test_no_alert_fires(program: Callable[[str], str], tmp_path: Path) -> None:
    """No alert of the complete deployment fires on a healthy day."""
    assert _fired(complete(), complete_subjects(), program("promtool"), tmp_path) == set()


def test_alerts_without_for_would_fire(program: Callable[[str], str], tmp_path: Path) -> None:
    """Without `for`, most alerts that wait fire, so the healthy days do prove something about them."""
    overridable = overridable_waits(complete_subjects())
    of = {
        alert.alert: alert for one in healthy_day.concerned(complete_subjects()) for alert in one.alerts if alert.wait
    }
    rules = {name: {"for": _shortest(of[name])} for name in of.keys() & overridable}
    alerts = Alerts.model_validate({"rules": rules})
    without_for = complete().model_copy(update={"alerts": alerts})

    found = _fired(without_for, complete_subjects(), program("promtool"), tmp_path)
    assert found >= {
        "PostgresDown", "PostgresMetricsIncomplete", "PostgresArchiveFailing", "RedisDown", "RedisSavesFailing",
        "ElasticsearchDown", "ElasticsearchRed", "ElasticsearchReplicasUnassigned", "MinioDown",
        "MinioDrivesOffline", "TargetDown", "ProbeFailed", "CoolifyUnreachable",
        "CoolifyRateLimited", "CoolifySourceFailing", "CoolifyServerUnreachable", "CoolifyProxyNotRunning",
        "CoolifyResourceStopped", "CoolifyResourceDegraded", "CoolifyResourceUnhealthy", "DeploymentFailed",
        "BackupFailed",
    }  # fmt: skip


def test_stricter_alerts_would_fire(program: Callable[[str], str], tmp_path: Path) -> None:
    """With a tenth of their thresholds, alerts fire on healthy days."""
    of = {
        alert.alert: alert
        for one in healthy_day.concerned(complete_subjects())
        for alert in one.alerts
        if alert.threshold is not None
    }
    rules = {
        name: {"for": _shortest(alert), "threshold": alert.threshold * 0.1}
        for name, alert in of.items()
        if alert.threshold is not None and " < " not in alert.expr and not alert.counts
    }
    overridable = overridable_waits(complete_subjects())
    for name in rules.keys() - overridable:
        del rules[name]["for"]
    strict = complete().model_copy(update={"alerts": Alerts.model_validate({"rules": rules})})

    found = _fired(strict, complete_subjects(), program("promtool"), tmp_path)
    assert found >= {
        "PostgresConnectionsHigh", "PostgresLongQuery", "PostgresRollbacksHigh", "PostgresSlotRetainsWal",
        "PostgresReplicationLag", "PostgresDeadlocks", "RedisCacheThrashing", "RedisMaxmemoryAbovePlan",
        "ElasticsearchHeapHigh", "MinioErrorsHigh", "TraefikFilesNearLimit", "TraefikRequestsWithoutRoute",
        "RequestsOutsidePlan", "ServiceErrorsHigh", "ServiceLatencyHigh", "ProbeSlow", "BackupTooOld",
    }  # fmt: skip


def test_only_subjects_of_these_systems_are_concerned() -> None:
    """The other subjects have their healthy days in `everything`."""
    ids = {subject.id for subject in healthy_day.concerned(complete_subjects())}

    assert ids >= {rule for kind in KINDS for rule in kind.rules} | {"probes", "service_requests"}
    assert ids & {"replicas", "memory", "host_memory", "slo", "slo_burn", "plan"} == set()


def test_a_deployment_has_the_healthy_days_of_its_own_systems() -> None:
    """A deployment with only databases has only their day; one without any system has no file."""
    path = "prometheus/tests/ordinary-1m.yaml"
    redis = catalogue.files(catalogue.build(a_topology(services=(a_service(), a_service("cache", kind="redis")))))[path]

    assert b"pg_up{" in redis
    assert b"coolify_up{" not in redis
    assert path in catalogue.files(catalogue.build(complete()))
    assert path not in catalogue.files(catalogue.build(a_topology()))
