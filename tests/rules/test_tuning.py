"""The topology changes single alerts, and what it makes of them is proven like the rest."""

from __future__ import annotations

import subprocess
import textwrap
from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from support import rotation
from support.artefacts import complete_subjects
from support.patience import lengthened, patient_alerts
from support.topologies import a_service, a_topology, complete

from boxwatch.errors import TopologyError
from boxwatch.rules import catalogue, crossed, names
from boxwatch.rules.model import Alert
from boxwatch.rules.replicas import replica_health
from boxwatch.topology.load import parse
from boxwatch.topology.model import Topology
from boxwatch.topology.settings import Alerts
from boxwatch.topology.units import format_duration


def _changed(**rules: object) -> Topology:
    """Two services, and what is said of alerts."""
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
    """Nor its runbook, and the others stay."""
    files = catalogue.files(catalogue.build(_changed(ContainerMemoryLimitMissing={"enabled": False})))

    assert b"ContainerMemoryLimitMissing" not in files["prometheus/rules/memory_limit.yaml"]
    assert b"ContainerMemoryLimitDrifted" in files["prometheus/rules/memory_limit.yaml"]
    assert "runbooks/ContainerMemoryLimitMissing.md" not in files


def test_a_subject_without_alerts_left_is_no_file() -> None:
    """An empty rule file would be a riddle."""
    assert "prometheus/rules/outside_plan.yaml" in catalogue.files(catalogue.build(_changed()))
    assert "prometheus/rules/outside_plan.yaml" not in catalogue.files(
        catalogue.build(_changed(ContainerOutsidePlan={"enabled": False}))
    )


def test_severity_and_labels_are_the_alerts() -> None:
    """In the rule, and so in its proof."""
    (alert,) = _made(
        _changed(ContainerMemoryLimitMissing={"severity": "info", "labels": {"team": "ops"}}),
        "ContainerMemoryLimitMissing",
    )

    assert (alert.severity, alert.labels) == ("info", {"team": "ops"})


def test_an_alert_that_is_off_for_one_service_leaves_that_out() -> None:
    """The rule asks the plan which service it is about."""
    (alert,) = _made(
        _changed(ContainerMemoryLimitMissing={"services": {"web": {"enabled": False}}}), "ContainerMemoryLimitMissing"
    )

    assert alert.expr.endswith('unless on (server, service) service:info:plan{service="web"}')


def test_what_differs_for_one_service_is_over_what_differs_for_all() -> None:
    """Labels add up."""
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
    """Two rules of one name with the same labels are what linters call duplicates."""
    (common,) = _made(_changed(ServiceDown={"severity": "warning"}), "ServiceDown")
    critical, _ = _made(_changed(), "ServiceDown")

    assert (
        critical.expr == f"(\n{textwrap.indent(common.expr, '  ')}\n)\nand on (server, service) service:pages:bool == 1"
    )
    assert {case.title for case in critical.fires} < {case.title for case in common.fires}


def test_one_severity_for_one_service_leaves_the_others_their_two() -> None:
    """The rule says in a label whose it is."""
    found = _made(_changed(ServiceDown={"services": {"api": {"severity": "info"}}}), "ServiceDown")

    assert [(one.severity, one.labels) for one in found] == [
        ("critical", {}), ("warning", {}), ("info", {"service": "api"}),
    ]  # fmt: skip


def test_a_service_may_have_the_name_of_the_server_that_its_proof_is_on() -> None:
    """A text such as "main on main" could not be told in two, so the server gets another name."""
    topology = a_topology(
        services=(a_service("main"),), alerts={"rules": {"ContainerMemoryLimitMissing": {"services": {"main": {}}}}}
    )
    _, own = _made(topology, "ContainerMemoryLimitMissing")

    assert {one.labels["server"] for case in own.fires for one in case.expects} == {"main-server"}
    assert all("main" in one.description for case in own.fires for one in case.expects)


def test_the_heartbeat_that_somebody_waits_for_stays() -> None:
    """Both at once cannot be meant."""
    waits = "{receivers: {a: {webhook: {url: 'http://a'}}}, critical: a, warning: a, watchdog: a}"

    (refusal,) = _refusal(f"{{Watchdog: {{enabled: false}}}}}}\nnotifications: {waits}\n#")

    assert refusal.startswith("a:4:38: alerts.rules.Watchdog.enabled: disables what `a` waits for (`notifications.")


def test_an_unknown_alert_is_a_mistake_with_a_suggestion() -> None:
    """At its place in the file."""
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
        ("ServiceDown: {for: 1m}", "is not how this alert waits (it counts four scrapes or more"),
        ("ServiceReplacedOften: {for: 1m}", "change how many they are, `thresholds.replacements`)"),
        ("ServiceDown: {threshold: 3}", "is not what this alert goes by"),
        ("ServiceDown: {services: {web: {threshold: 3}}}", "is not what this alert goes by"),
        ("HostDiskLow: {threshold: 15}", "15 is over 100%; this alert compares a share (write 15%)"),
        ("HostDiskLow: {threshold: 1500}", "this alert compares a share (write a share, such as 15%)"),
    ],
)
def test_a_change_that_an_alert_does_not_take_is_a_mistake(change: str, message: str) -> None:
    """Silence would be taken for agreement."""
    (refusal,) = _refusal(f"{{{change}}}")

    assert message in refusal


def test_a_wait_too_short_for_a_query_is_refused_with_the_shortest() -> None:
    """A burst that drains would fire meanwhile."""
    with pytest.raises(TopologyError, match=r"BacklogGrowing\.for: is not how this alert waits \(write 15m or more\)"):
        catalogue.build(_tuned(RabbitmqBacklogGrowing={"for": "14m"}))


def test_a_program_is_refused_too() -> None:
    """Not only a file."""
    with pytest.raises(TopologyError, match=r"test: alerts\.rules\.Nothing: is not an alert"):
        catalogue.subjects(_changed(Nothing={}))


def _chosen(purpose: str, *, whole: bool) -> tuple[str, ...]:
    """Ids of the subjects whose alerts a proof changes: all, or a few that differ from run to run."""
    with_alerts = [subject.id for subject in complete_subjects() if subject.alerts]
    return tuple(with_alerts) if whole else rotation.sample(with_alerts, 5, purpose)


def _prove(topology: Topology, promtool: str, place: Path, ids: Collection[str] = ()) -> None:
    """Run the proofs of a topology: those of some subjects, or all."""
    for path, content in catalogue.files(catalogue.build(topology)).items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(content)
    folder = place / "prometheus"
    tests = sorted(str(path.relative_to(folder)) for path in (folder / "tests").iterdir())
    tests = [path for path in tests if not ids or Path(path).stem.rpartition("-")[0] in ids]

    done = subprocess.run([promtool, "test", "rules", *tests], cwd=folder, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


# What they go by is gone again after ten minutes, an hour, or when the trend bends: a day of `for` would never pass.
_OF_THEIR_OWN_PATIENCE = {"ServerOomKilled", "ServiceReplacedOften", "ContainerMemoryExhaustionPredicted"}


def test_alerts_say_truly_whether_they_take_another_wait() -> None:
    """Runbooks offer `for` where an alert says that it takes it, and `instead` elsewhere."""
    assert patient_alerts(complete_subjects()) == lengthened(complete())


def test_every_alert_that_waits_plainly_takes_another_wait() -> None:
    """The others count over a window, which `for` does not lengthen."""
    patient = patient_alerts(complete_subjects())
    waiting = {alert.alert for subject in complete_subjects() for alert in subject.alerts if alert.patience}

    assert waiting - patient == _OF_THEIR_OWN_PATIENCE


def test_an_alert_that_takes_no_other_wait_says_what_to_change() -> None:
    """Whoever wrote `for` wants something."""
    patient = patient_alerts(complete_subjects())
    others = [alert for subject in complete_subjects() for alert in subject.alerts if alert.alert not in patient]

    assert others
    assert [alert.alert for alert in others if not alert.instead] == []


def test_an_outage_of_one_service_may_last_longer() -> None:
    """The query counts for itself how long it lasted, and so each of the two has a query of its own."""
    found = _made(_changed(ServiceDown={"for": "3m", "services": {"api": {"for": "10m"}}}), "ServiceDown")

    assert [("[6m:30s]) >= 7" in one.expr, "[20m:30s]) >= 21" in one.expr) for one in found] == [
        (True, False), (True, False), (False, True), (False, True),
    ]  # fmt: skip


# Odd ones: thresholds that no binary fraction is, and that a rate or a mean does not hit by itself. A share stays one.
_FACTORS = (0.37, 2, 0.93, 1.05, 0.7, 3.3)


@pytest.mark.parametrize("whole", rotation.WHOLE)
@pytest.mark.parametrize(
    ("wait", "turn"),
    [(lambda usual: 2 * usual + 37, 0), (lambda _: 0, 2), (lambda _: 37, 4)],
    ids=["patient", "at once", "impatient"],
)
def test_every_proof_follows_wait_and_threshold(
    wait: Callable[[int], int], turn: int, program: Callable[[str], str], tmp_path: Path, *, whole: bool
) -> None:
    """Alerts that take them, at once: a proof that held for the usual numbers alone would fail here."""
    patient = patient_alerts(complete_subjects())
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
        if name in patient:
            shortest = alert.shortest_wait or (replica_health.SHORTEST_GRACE if alert.counts else 0)
            seconds = max(wait(alert.patience), shortest)
            changed["for"] = format_duration(seconds) if seconds else "0s"
        if alert.threshold is not None:
            # As one would write it, not as binary fractions multiply.
            factor = _FACTORS[numbers[graver.get(name, name)] % len(_FACTORS)]
            scaled = round(alert.threshold * factor, 6)
            changed["threshold"] = min(scaled, 1) if alert.threshold < 1 else scaled
        rules[name] = changed
    topology = complete().model_copy(update={"alerts": Alerts.model_validate({"rules": rules})})

    _prove(topology, program("promtool"), tmp_path, () if whole else (*chosen, "everything"))


# With each of these a proof did not hold: rounded where the text is (16.5, 1.35, 19.5), a share of so few requests that
# their number is none exactly (0.05 %), half a second, an interval of Sentinel's that is longer, more digits than a
# rule writes, and as much memory as an ordinary day has.
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
    """What a sum or a rounding once took for another number."""
    rules = {name: {"threshold": threshold} for name, threshold in _AWKWARD.items()}
    topology = complete().model_copy(update={"alerts": Alerts.model_validate({"rules": rules})})
    theirs = {one.id for one in catalogue.subjects(topology) if {alert.alert for alert in one.alerts} & _AWKWARD.keys()}

    _prove(topology, program("promtool"), tmp_path, {*theirs, "everything"})


@pytest.mark.parametrize("whole", rotation.WHOLE)
@pytest.mark.parametrize("severity", ["info", "critical"])
def test_every_alert_can_be_changed_and_is_proven_changed(
    severity: str, program: Callable[[str], str], tmp_path: Path, *, whole: bool
) -> None:
    """With another severity and a label for all, and a label of its own for one service."""
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
    """What is silent for this service may fire for the others, and the other way round."""
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
