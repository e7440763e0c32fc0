"""Tuning: the topology overrides single alerts, which are proven like all others."""

from __future__ import annotations

import subprocess
import textwrap
from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from support import rotation
from support.artefacts import complete_subjects
from support.topologies import a_service, a_topology, complete
from support.waits import lengthened, overridable_waits

from boxwatch.errors import TopologyError
from boxwatch.rules import catalogue, crossed, names
from boxwatch.rules.model import Alert
from boxwatch.rules.replicas import replica_health
from boxwatch.topology.load import parse
from boxwatch.topology.model import Topology
from boxwatch.topology.settings import Alerts
from boxwatch.topology.units import format_duration


def _changed(**rules: object) -> Topology:
    """A topology of two services with overrides of alerts."""
    return a_topology(services=(a_service(), a_service("api")), alerts={"rules": rules})


def _tuned(**rules: object) -> Topology:
    return complete().model_copy(update={"alerts": Alerts.model_validate({"rules": rules})})


def _made(topology: Topology, name: str) -> list[Alert]:
    return [alert for subject in catalogue.subjects(topology) for alert in subject.alerts if alert.alert == name]


def _refusal(text: str) -> list[str]:
    head = "name: t\nservers: {main: {cpus: 8, memory: 32g, disk: 500GB}}\n"
    loaded = parse(
        f"{head}services: {{web: {{kind: web, server: main, memory: 1g}}}}\nalerts: {{rules: {text}}}\n", "a"
    )
    with pytest.raises(TopologyError) as caught:
        catalogue.check(loaded)
    return [str(problem) for problem in caught.value.problems]


def test_an_alert_that_is_off_is_not_made() -> None:
    """A disabled alert has neither rule nor runbook, and the others stay."""
    files = catalogue.files(catalogue.build(_changed(ContainerMemoryLimitMissing={"enabled": False})))

    assert b"ContainerMemoryLimitMissing" not in files["prometheus/rules/memory_limit.yaml"]
    assert b"ContainerMemoryLimitDrifted" in files["prometheus/rules/memory_limit.yaml"]
    assert "runbooks/ContainerMemoryLimitMissing.md" not in files


def test_a_subject_without_alerts_left_has_no_file() -> None:
    """A subject whose alerts are all disabled has no rule file, rather than an empty one."""
    assert "prometheus/rules/outside_plan.yaml" in catalogue.files(catalogue.build(_changed()))
    assert "prometheus/rules/outside_plan.yaml" not in catalogue.files(
        catalogue.build(_changed(ContainerOutsidePlan={"enabled": False}))
    )


def test_severity_and_labels_are_overridden_in_the_alert() -> None:
    """Severity and labels change in the alert itself, and so in its rule and its proof."""
    (alert,) = _made(
        _changed(ContainerMemoryLimitMissing={"severity": "info", "labels": {"team": "ops"}}),
        "ContainerMemoryLimitMissing",
    )

    assert (alert.severity, alert.labels) == ("info", {"team": "ops"})


def test_an_alert_disabled_for_one_service_leaves_it_out() -> None:
    """The rule excludes the service by the plan's constant."""
    (alert,) = _made(
        _changed(ContainerMemoryLimitMissing={"services": {"web": {"enabled": False}}}), "ContainerMemoryLimitMissing"
    )

    assert alert.expr.endswith('unless on (server, service) service:info:plan{service="web"}')


def test_overrides_for_one_service_extend_those_for_all() -> None:
    """A service inherits the severity for all, and labels are merged."""
    common, own = _made(
        _changed(
            ContainerMemoryLimitMissing={
                "severity": "info",
                "labels": {"team": "ops"},
                "services": {"api": {"labels": {"tier": "1"}}},
            }
        ),
        "ContainerMemoryLimitMissing",
    )

    assert (common.severity, common.labels) == ("info", {"team": "ops"})
    assert (own.severity, own.labels) == ("info", {"service": "api", "team": "ops", "tier": "1"})
    assert own.expr.endswith('and on (server, service) service:info:plan{service="api"}')


def test_a_critical_alert_and_its_warning_of_one_severity_are_one_rule() -> None:
    """Two rules with the same name and labels would be duplicates for linters."""
    (common,) = _made(_changed(ServiceDown={"severity": "warning"}), "ServiceDown")
    critical, _ = _made(_changed(), "ServiceDown")

    assert (
        critical.expr == f"(\n{textwrap.indent(common.expr, '  ')}\n)\nand on (server, service) service:pages:bool == 1"
    )
    assert {case.title for case in critical.fires} < {case.title for case in common.fires}


def test_one_severity_for_one_service_leaves_the_others_both() -> None:
    """The service's own rule has the service as a label."""
    found = _made(_changed(ServiceDown={"services": {"api": {"severity": "info"}}}), "ServiceDown")

    assert [(one.severity, one.labels) for one in found] == [
        ("critical", {}), ("warning", {}), ("info", {"service": "api"}),
    ]  # fmt: skip


def test_a_service_may_be_called_like_the_server_in_its_proof() -> None:
    """The server is renamed, because a text such as "main on main" would be ambiguous."""
    topology = a_topology(
        services=(a_service("main"),), alerts={"rules": {"ContainerMemoryLimitMissing": {"services": {"main": {}}}}}
    )
    _, own = _made(topology, "ContainerMemoryLimitMissing")

    assert {one.labels["server"] for case in own.fires for one in case.expects} == {"main-server"}
    assert all("main" in one.description for case in own.fires for one in case.expects)


def test_a_heartbeat_that_a_receiver_expects_cannot_be_disabled() -> None:
    """A disabled Watchdog contradicts `notifications.watchdog`."""
    waits = "{receivers: {a: {webhook: {url: 'http://a'}}}, critical: a, warning: a, watchdog: a}"

    (refusal,) = _refusal(f"{{Watchdog: {{enabled: false}}}}}}\nnotifications: {waits}\n#")

    assert refusal.startswith("a:4:38: alerts.rules.Watchdog.enabled: disables the heartbeat that `a` expects (`not")


def test_an_unknown_alert_is_rejected_with_a_suggestion() -> None:
    """The error names the place in the file."""
    assert _refusal("{ServiceDwn: {severity: info}}") == [
        "a:4:18: alerts.rules.ServiceDwn: is not an alert of this topology (did you mean `ServiceDown`?)"
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "ContainerOutsidePlan: {services: {web: {severity: info}}}",
            "this alert is not about a service",
        ),
        ("ServiceDown: {for: 1m}", "cannot be set to this value for this alert (it counts four scrapes or more"),
        ("ServiceReplacedOften: {for: 1m}", "change the number, `thresholds.replacements`)"),
        ("ServiceDown: {threshold: 3}", "cannot be changed for this alert"),
        ("ServiceDown: {services: {web: {threshold: 3}}}", "cannot be changed for this alert"),
        ("HostDiskLow: {threshold: 15}", "15 is over 100%; this alert compares a share (write 15%)"),
        ("HostDiskLow: {threshold: 1500}", "this alert compares a share (write a share, such as 15%)"),
    ],
)
def test_an_unsupported_override_is_rejected(change: str, message: str) -> None:
    """An override without effect is an error, because users would rely on it."""
    (refusal,) = _refusal(f"{{{change}}}")

    assert message in refusal


def test_a_wait_too_short_for_a_query_is_rejected_with_the_shortest() -> None:
    """With a shorter wait, a draining burst would fire."""
    with pytest.raises(TopologyError, match=r"BacklogGrowing\.for: cannot be set .* alert \(write 15m or more\)"):
        catalogue.build(_tuned(RabbitmqBacklogGrowing={"for": "14m"}))


def test_unknown_alerts_are_rejected_without_a_file_too() -> None:
    """A topology built in Python is validated like one from a file."""
    with pytest.raises(TopologyError, match=r"test: alerts\.rules\.Nothing: is not an alert"):
        catalogue.subjects(_changed(Nothing={}))


def _chosen(purpose: str, *, whole: bool) -> tuple[str, ...]:
    """Ids of the subjects whose alerts a test overrides: all, or a sample that differs between runs."""
    with_alerts = [subject.id for subject in complete_subjects() if subject.alerts]
    return tuple(with_alerts) if whole else rotation.sample(with_alerts, 3, purpose)


def _prove(topology: Topology, promtool: str, place: Path, ids: Collection[str] = ()) -> None:
    """Run the proofs of a topology, of some subjects or of all."""
    for path, content in catalogue.files(catalogue.build(topology)).items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(content)
    folder = place / "prometheus"
    tests = sorted(str(path.relative_to(folder)) for path in (folder / "tests").iterdir())
    tests = [path for path in tests if not ids or Path(path).stem.rpartition("-")[0] in ids]

    done = subprocess.run([promtool, "test", "rules", *tests], cwd=folder, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


# Their conditions end after ten minutes, an hour, or when the trend changes: a longer `for` would never pass.
_OWN_WAITS = {"ServerOomKilled", "ServiceReplacedOften", "ContainerMemoryExhaustionPredicted"}


def test_alerts_declare_correctly_whether_for_can_be_overridden() -> None:
    """Runbooks offer `for` if an alert declares that it can be overridden, and `instead` otherwise."""
    assert overridable_waits(complete_subjects()) == lengthened(complete())


def test_for_can_be_overridden_except_where_a_query_has_a_window() -> None:
    """A longer `for` does not lengthen the window of a query that counts over one."""
    overridable = overridable_waits(complete_subjects())
    waiting = {alert.alert for subject in complete_subjects() for alert in subject.alerts if alert.effective_wait}

    assert waiting - overridable == _OWN_WAITS


def test_an_alert_without_override_of_for_says_what_to_change_instead() -> None:
    """Users who try to set `for` are shown an alternative."""
    overridable = overridable_waits(complete_subjects())
    others = [alert for subject in complete_subjects() for alert in subject.alerts if alert.alert not in overridable]

    assert others
    assert [alert.alert for alert in others if not alert.instead] == []


def test_an_outage_of_one_service_may_last_longer() -> None:
    """ServiceDown counts its duration in the query, so the service with an override has its own query."""
    found = _made(_changed(ServiceDown={"for": "3m", "services": {"api": {"for": "10m"}}}), "ServiceDown")

    assert [("[6m:30s]) >= 7" in one.expr, "[20m:30s]) >= 21" in one.expr) for one in found] == [
        (True, False), (True, False), (False, True), (False, True),
    ]  # fmt: skip


# Odd factors: thresholds that are no binary fractions and that rates and means do not hit exactly. Shares stay below 1.
_FACTORS = (0.37, 2, 0.93, 1.05, 0.7, 3.3)


@pytest.mark.parametrize("whole", rotation.WHOLE)
@pytest.mark.parametrize(
    ("wait", "turn"),
    [(lambda usual: 2 * usual + 37, 0), (lambda _: 0, 2), (lambda _: 37, 4)],
    ids=["longer", "none", "short"],
)
def test_every_proof_follows_wait_and_threshold(
    wait: Callable[[int], int], turn: int, program: Callable[[str], str], tmp_path: Path, *, whole: bool
) -> None:
    """Proofs hold with all waits and thresholds overridden at once, not only with the defaults."""
    overridable = overridable_waits(complete_subjects())
    chosen = _chosen(f"overlay {turn}", whole=whole)
    rules: dict[str, dict[str, object]] = {}
    alerts = {alert.alert: alert for subject in complete_subjects() for alert in subject.alerts}
    # Both alerts of a pair get the same factor, so that their thresholds stay in order.
    graver = {pair.mild.alert: pair.grave.alert for pair in crossed.pairs(complete_subjects())}
    numbers = {name: number for number, name in enumerate(alerts, start=turn)}
    changing = {alert.alert for subject in complete_subjects() if subject.id in chosen for alert in subject.alerts}
    for name, alert in alerts.items():
        if name not in changing:
            continue
        changed: dict[str, object] = {}
        if name in overridable:
            shortest = alert.shortest_wait or (replica_health.SHORTEST_GRACE if alert.counts else 0)
            seconds = max(wait(alert.effective_wait), shortest)
            changed["for"] = format_duration(seconds) if seconds else "0s"
        if alert.threshold is not None:
            # As a user would write it, not as binary fractions multiply.
            factor = _FACTORS[numbers[graver.get(name, name)] % len(_FACTORS)]
            scaled = round(alert.threshold * factor, 6)
            changed["threshold"] = min(scaled, 1) if alert.threshold < 1 else scaled
        rules[name] = changed
    topology = complete().model_copy(update={"alerts": Alerts.model_validate({"rules": rules})})

    _prove(topology, program("promtool"), tmp_path, () if whole else (*chosen, "everything"))


# With each of these, a proof used to fail: rounded in the text (16.5, 1.35, 19.5), a share of so few requests that
# their number is not exact (0.05 %), half a second, longer than Sentinel's interval, more digits than a rule writes,
# and as much memory as a healthy day has.
_AWKWARD = {
    "ScrapeSlow": 16.5,
    "ProbeSlow": 1.35,
    "HostClockSkewed": 19.5,
    "ServiceErrorsHigh": 0.0005,
    "RequestsOutsidePlan": 0.105,
    "CertificateExpiring": 31881.6,
    "CoolifySentinelOutdated": 73.8,
    "TraefikRequestsWithoutRoute": 1 / 3,
    "HostMemoryLow": 1,
}


def test_awkward_thresholds_are_proven(program: Callable[[str], str], tmp_path: Path) -> None:
    """Proofs hold for thresholds that sums and rounding used to distort."""
    rules = {name: {"threshold": threshold} for name, threshold in _AWKWARD.items()}
    topology = complete().model_copy(update={"alerts": Alerts.model_validate({"rules": rules})})
    theirs = {one.id for one in catalogue.subjects(topology) if {alert.alert for alert in one.alerts} & _AWKWARD.keys()}

    _prove(topology, program("promtool"), tmp_path, {*theirs, "everything"})


@pytest.mark.parametrize("whole", rotation.WHOLE)
@pytest.mark.parametrize("severity", ["info", "critical"])
def test_every_alert_can_be_changed_and_is_proven_changed(
    severity: str, program: Callable[[str], str], tmp_path: Path, *, whole: bool
) -> None:
    """Proofs hold with another severity and label for all services, and a further label for one of them."""
    base = complete()
    one = next(service.name for service in base.services if service.faces_users)
    chosen = _chosen(f"severity {severity}", whole=whole)
    changing = [alert for subject in complete_subjects() if subject.id in chosen for alert in subject.alerts]
    rules = {
        alert.alert: {
            "severity": severity,
            "labels": {"team": "ops"},
            **({"services": {one: {"labels": {"tier": "1"}}}} if _about_services(alert) else {}),
        }
        for alert in changing
    }
    topology = base.model_copy(
        update={"alerts": Alerts.model_validate({"deploy_grace": "5m", "outage_grace": "2m", "rules": rules})}
    )

    _prove(topology, program("promtool"), tmp_path, () if whole else (*chosen, "everything"))
    made = {alert.alert for subject in catalogue.subjects(topology) for alert in subject.alerts}
    assert made == {alert.alert for subject in complete_subjects() for alert in subject.alerts}


@pytest.mark.parametrize("whole", rotation.WHOLE)
@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_one_service_may_have_another_threshold(
    factor: float, program: Callable[[str], str], tmp_path: Path, *, whole: bool
) -> None:
    """Proofs hold if one service has another threshold, although other services fire or stay silent differently."""
    base = complete()
    one = next(service.name for service in base.services if service.faces_users)
    chosen = _chosen(f"threshold {factor}", whole=whole)
    rules = {
        alert.alert: {"services": {one: {"threshold": min(round(alert.threshold * factor, 6), 1e6)}}}
        for subject in complete_subjects()
        if subject.id in chosen
        for alert in subject.alerts
        if alert.threshold is not None
        and _about_services(alert)
        and (alert.threshold * factor < 1 or alert.threshold > 1)
    }
    topology = base.model_copy(update={"alerts": Alerts.model_validate({"rules": rules})})

    _prove(topology, program("promtool"), tmp_path, () if whole else (*chosen, "everything"))
    tuned = [alert for subject in catalogue.subjects(topology) for alert in subject.alerts if alert.alert in rules]
    assert {alert.alert for alert in tuned if alert.labels.get(names.SERVICE) == one} == set(rules)


def _about_services(alert: Alert) -> bool:
    return names.SERVICE in alert.fires[0].expects[0].labels
