"""Every alert reaches whom it is for, and nothing critical is lost on the way."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.artefacts import complete_subjects
from support.topologies import a_server, a_service, a_topology, complete

from boxwatch.checks import alertmanager_file, amtool, catalogue
from boxwatch.rules import catalogue as rules
from boxwatch.rules import inhibition
from boxwatch.rules.catalogue import subjects
from boxwatch.rules.model import Alert
from boxwatch.stack import alertmanager
from boxwatch.topology.load import load
from boxwatch.topology.model import Topology
from boxwatch.topology.notifications import Notifications
from boxwatch.topology.settings import Alerts

Program = Callable[[str], str]
Labels = dict[str, str]

_HOOK = {"webhook": {"url": "https://hook.example.com"}}
_SAID = {
    "receivers": dict.fromkeys(("night", "office", "dba", "heartbeat"), _HOOK),
    "critical": "night",
    "warning": "office",
    "watchdog": "heartbeat",
    "services": {"postgres": "dba"},
}


def said(**changes: object) -> Topology:
    """The complete topology, with people who are told."""
    told = Notifications.model_validate(_SAID | changes)
    return complete().model_copy(update={"notifications": told})


@functools.cache
def _plain() -> bytes:
    return alertmanager.configuration(said(), complete_subjects())


def _document(content: bytes) -> Any:  # noqa: ANN401 - whatever YAML is there
    return yaml.safe_load(content)


def _everything() -> Iterator[tuple[Alert, Labels]]:
    """Every alert with each set of labels that its proofs expect."""
    for subject in complete_subjects():
        for alert in subject.alerts:
            for case in alert.fires:
                for expected in case.expects:
                    yield alert, {**expected.labels, "alertname": alert.alert, "severity": alert.severity}


def _wanted(labels: Labels) -> str:
    if labels["alertname"] == "Watchdog":
        return "heartbeat/heartbeat"
    if labels["severity"] == "info":
        return "blackhole"
    if labels.get("service") == "postgres":
        return "dba"
    return {"critical": "night", "warning": "office"}[labels["severity"]]


def _matches(matchers: tuple[alertmanager_file.Matcher, ...], labels: Labels) -> bool:
    def one(label: str, operator: str, value: str) -> bool:
        has = labels.get(label, "")
        same = has == value if operator in ("=", "!=") else re.fullmatch(value, has) is not None
        return same == (operator[0] == "=")

    return all(one(*matcher) for matcher in matchers)


def _receiver(route: alertmanager_file.Route, labels: Labels) -> str:
    for below in route.routes:
        if _matches(below.matchers, labels):
            return _receiver(below, labels)
    return route.receiver


def test_every_alert_reaches_whom_it_is_for() -> None:
    """With every set of labels that the proofs have, by our own reading of the routes."""
    route = alertmanager_file.read("a.yml", _plain()).route
    assert route is not None
    found = {(alert.alert, _receiver(route, labels), _wanted(labels)) for alert, labels in _everything()}

    assert len(found) > 100
    assert [each for each in found if each[1] != each[2]] == []


def test_amtool_sends_them_the_same_way(program: Program, tmp_path: Path) -> None:
    """One of each way, and each alert that is told apart by its name."""
    file = tmp_path / "alertmanager.yml"
    file.write_bytes(_plain())
    (tmp_path / "boxwatch.tmpl").write_bytes(alertmanager.files(said())[alertmanager.TEMPLATE])
    tool = program("amtool")
    ways: dict[tuple[str, str], Labels] = {}
    for alert, labels in _everything():
        ways.setdefault((alert.alert, _wanted(labels)), {"service": "", "server": "main"} | labels)
    for (_, receiver), labels in ways.items():
        pairs = [f"{key}={labels[key]}" for key in ("alertname", "severity", "server", "service") if labels.get(key)]
        command = [tool, "config", "routes", "test", f"--config.file={file}", f"--verify.receivers={receiver}", *pairs]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{pairs}: {done.stdout}{done.stderr}"


def test_an_alert_with_a_severity_of_its_own_reaches_somebody() -> None:
    """Whoever gets the warnings."""
    route = alertmanager_file.read("a.yml", _plain()).route
    assert route is not None
    assert _receiver(route, {"alertname": "Mine", "severity": "page"}) == "office"


def _rules() -> Iterator[tuple[Any, tuple[alertmanager_file.Matcher, ...], tuple[alertmanager_file.Matcher, ...]]]:
    for node in alertmanager_file.read("a.yml", _plain()).inhibitions():
        yield (
            [alertmanager_file.text(each) for each in alertmanager_file.items(alertmanager_file.fields(node)["equal"])],
            alertmanager_file.matchers(node, "source_"),
            alertmanager_file.matchers(node, "target_"),
        )


def _alert(name: str, severity: str, **labels: str) -> Labels:
    return {"alertname": name, "severity": severity, "server": "main", **labels}


def _silences(cause: Labels, consequence: Labels) -> bool:
    """As Alertmanager decides it (inhibit.Inhibitor.Mutes of 0.25): what is both is not silenced by its like."""
    return any(
        all(cause.get(label, "") == consequence.get(label, "") for label in equal)
        and _matches(source, cause)
        and _matches(target, consequence)
        and not (_matches(target, cause) and _matches(source, consequence))
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
def test_a_consequence_is_silenced_by_its_cause_and_not_the_other_way_round(cause: Labels, consequence: Labels) -> None:
    """Of two alerts one is told."""
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
def test_what_has_another_cause_is_told(cause: Labels, other: Labels) -> None:
    """Another device, server, service or component; and a critical alert beside a warning."""
    assert not _silences(cause, other)


def test_nothing_critical_is_silenced_by_what_nobody_may_be_told_of() -> None:
    """A warning may be in a quiet time, an info goes to nobody."""
    for _, source, target in _rules():
        severity = next(value for label, _, value in source if label == "severity")
        silenced = next(value for label, _, value in target if label == "severity").split("|")
        assert severity in ("critical", "warning")
        assert severity == "critical" or "critical" not in silenced


def test_no_alert_silences_its_own_cause() -> None:
    """Nor does any rule silence everything of a server by accident."""
    for equal, source, target in _rules():
        assert equal
        assert any(label == "alertname" for label, _, _ in source)
        assert any(label == "alertname" for label, _, _ in target)


def test_an_alert_that_is_tuned_to_be_shown_only_silences_nothing() -> None:
    """Nobody is told of it."""
    tuned = Alerts.model_validate({"rules": {"ContainerMetricsMissing": {"severity": "info"}}})
    topology = said().model_copy(update={"alerts": tuned})
    file = alertmanager_file.read("a.yml", alertmanager.files(topology)[alertmanager.PATH])
    silenced = [
        node
        for node in file.inhibitions()
        if _matches(alertmanager_file.matchers(node, "source_"), _BLIND | {"severity": "info"})
        or any("ContainerMetricsMissing" in value for _, _, value in alertmanager_file.matchers(node, "source_"))
    ]
    assert silenced == []


def _with_servers(count: int) -> Topology:
    """The complete deployment with more servers, each of which runs a database and an application of its own."""
    more = [f"s{number}" for number in range(1, count)]
    base = said()
    return base.model_copy(
        update={
            "servers": (*base.servers, *(a_server(name, address=f"10.0.0.{i}") for i, name in enumerate(more, 1))),
            "services": (
                *base.services,
                *(a_service(f"{kind}-{name}", kind=kind, server=name) for name in more for kind in ("web", "redis")),
            ),
        }
    )


@functools.cache
def _built(count: int) -> Mapping[str, bytes]:
    """Its Alertmanager's configuration and its rules."""
    topology = _with_servers(count)
    return {**alertmanager.files(topology), **rules.files(topology)}


@pytest.mark.parametrize("servers", [1, 3, 20])
def test_amtool_accepts_it_for_any_number_of_servers(servers: int, program: Program, tmp_path: Path) -> None:
    """The checks find nothing, and alerts of the last server reach the same people."""
    files = _built(servers)
    file = alertmanager_file.read(alertmanager.PATH, files[alertmanager.PATH])
    fired = {alert.alert for subject in subjects(_with_servers(servers)) for alert in subject.alerts}
    assert list(amtool.check(files, program("amtool"))) == []
    assert [each for module in catalogue.ALERTMANAGER_CHECKS for each in module.check(file, fired)] == []
    written = tmp_path / "alertmanager.yml"
    written.write_bytes(files[alertmanager.PATH])
    last = _with_servers(servers).servers[-1].name
    for severity, receiver in (("critical", "night"), ("warning", "office"), ("info", "blackhole")):
        told = ["alertname=ServiceDown", f"severity={severity}", f"server={last}", "service=web"]
        command = [program("amtool"), "config", "routes", "test", f"--config.file={written}"]
        done = subprocess.run([*command, f"--verify.receivers={receiver}", *told], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


@pytest.mark.parametrize("servers", [1, 3, 20])
def test_amlint_finds_nothing(servers: int, tmp_path: Path) -> None:
    """With the rules beside it, so that it knows every alert. That some are told to nobody is meant, and named so."""
    for path, content in _built(servers).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    command = [sys.executable, "-c", "from amlint.cli import main; raise SystemExit(main())"]
    command += ["check", "--strict", "--format=json"]
    command += ["--rules", str(tmp_path / "prometheus/rules/*.yaml"), str(tmp_path / alertmanager.PATH)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert [(one["level"], one["code"], one["where"]) for one in json.loads(done.stdout)] == [
        ("info", "empty-receiver", "receivers[blackhole]")
    ]


def test_a_server_that_is_down_is_told_of_once() -> None:
    """When it is not the one that Prometheus runs on: there, only the exporter can be."""
    two = a_topology(
        servers=(a_server(), a_server("second", address="10.0.0.2")),
        services=(a_service(), a_service("api", server="second")),
    )
    causes = [cause for cause in inhibition.causes(two) if cause.but]
    assert [(cause.matchers, cause.but) for cause in causes] == [(('job="node"', 'server!="main"'), ('job!="node"',))]
    assert not any(cause.but for cause in inhibition.causes(a_topology()))


def test_the_heartbeat_comes_as_often_as_is_said() -> None:
    """And its end is not sent: it would be taken for one."""
    document = _document(alertmanager.configuration(said(heartbeat="2m"), ()))
    route = document["route"]["routes"][0]
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("0s", "1m", "1m30s")
    receiver = next(one for one in document["receivers"] if one["name"] == route["receiver"])
    assert receiver["webhook_configs"] == [{"send_resolved": False, "url": "https://hook.example.com"}]


def test_without_notifications_nobody_is_told_and_the_file_says_so() -> None:
    """Alertmanager starts all the same."""
    content = alertmanager.configuration(complete(), ())
    assert b"Nobody is told of anything: write `notifications` into the topology" in content
    assert _document(content)["receivers"] == [{"name": "blackhole"}]


def test_quiet_times_go_on_after_midnight_and_spare_critical_alerts() -> None:
    """Friday's night ends on Saturday."""
    quiet = [{"days": ["friday"], "times": ["22:00-07:00"], "timezone": "Europe/Berlin"}]
    document = _document(alertmanager.configuration(said(quiet=quiet), ()))
    assert document["time_intervals"][0]["time_intervals"] == [
        {
            "times": [{"start_time": "22:00", "end_time": "24:00"}],
            "weekdays": ["friday"],
            "location": "Europe/Berlin",
        },
        {
            "times": [{"start_time": "00:00", "end_time": "07:00"}],
            "weekdays": ["saturday"],
            "location": "Europe/Berlin",
        },
    ]
    _, critical, warning, _ = document["route"]["routes"]
    assert "mute_time_intervals" not in critical
    assert warning["mute_time_intervals"] == ["quiet-1"]
    assert warning["routes"][0]["mute_time_intervals"] == ["quiet-1"]


def test_critical_alerts_are_muted_when_that_is_said() -> None:
    """Only then."""
    quiet = [{"days": ["friday"], "severities": ["critical"]}]
    _, critical, warning, _ = _document(alertmanager.configuration(said(quiet=quiet), ()))["route"]["routes"]
    assert critical["mute_time_intervals"] == ["quiet-1"]
    assert "mute_time_intervals" not in warning


@pytest.mark.parametrize(
    ("way", "needs"),
    [
        ({"slack": {"url_file": "/s"}}, "0.25"),
        ({"telegram": {"chat_id": 1, "token_file": "/s"}}, "0.26"),
        ({"webhook": {"url_file": "/s"}}, "0.26"),
        ({"discord": {"url_file": "/s"}}, "0.28"),
    ],
)
def test_the_header_says_which_alertmanager_it_needs(way: dict[str, object], needs: str) -> None:
    """For each way of telling."""
    receivers = {**_SAID["receivers"], "night": way}  # type: ignore[dict-item]
    content = alertmanager.configuration(said(receivers=receivers), ())
    assert f"# Needs Alertmanager {needs} or later.\n".encode() in content


def test_the_checks_find_nothing_in_it() -> None:
    """With all alerts at hand."""
    content = alertmanager.configuration(said(quiet=[{"days": ["friday"]}], info="office"), complete_subjects())
    fired = {alert.alert for subject in complete_subjects() for alert in subject.alerts}
    file = alertmanager_file.read("a.yml", content)
    assert [each for module in catalogue.ALERTMANAGER_CHECKS for each in module.check(file, fired)] == []


def test_every_way_of_telling_is_made_as_stored(golden: Callable[[str, str], None]) -> None:
    """Of the topology that uses every key; what is silenced is stored with the default deployment."""
    file = Path(__file__).parents[1] / "topologies" / "good" / "every-key.yaml"
    golden("alertmanager/every-key.yml", alertmanager.configuration(load(file).topology, ()).decode())
