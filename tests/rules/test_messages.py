"""What every alert says to whoever is woken: what, where, how much, and the first command."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest
from support.artefacts import complete_alerts, complete_subjects
from support.topologies import a_selector, a_service, a_topology, complete

from boxwatch.rules import alert_command, alert_text, runbook
from boxwatch.rules.model import Alert, Expected
from boxwatch.topology.model import Topology

# Labels whose value a message need not repeat: the server and the name of the resource say the same, or more.
_UNSAID = {"uuid", "account", "mount", "reason", "type"}
# Nothing is to be run on the server: the page of Prometheus, Grafana or Coolify is the first look.
_NO_COMMAND = {
    "CoolifyApiDisabled", "CoolifyRateLimited", "CoolifyServerUnreachable", "CoolifySourceFailing",
    "CoolifyValuesUnparsed", "ConfigurationRejected", "GrafanaDatasourceErrors", "ProberDown",
    "PrometheusMissedEvaluations", "PrometheusRuleFailures", "PrometheusSeriesHigh", "PrometheusStorageFailing",
    "RequestsOutsidePlan", "TraefikFilesNearLimit", "TraefikRequestsWithoutRoute", "Watchdog",
}  # fmt: skip
# That it happens, or lasts, is the news; how often does not matter.
_NO_NUMBER = {
    "AlertmanagerNotificationsFailing", "ElasticsearchHeapHigh", "GrafanaDatasourceErrors", "GrafanaErrors",
    "PostgresDeadlocks", "PrometheusMissedEvaluations", "PrometheusNotificationsFailing", "PrometheusRuleFailures",
    "PrometheusStorageFailing",
}  # fmt: skip


def _messages() -> Iterator[tuple[Alert, Expected, dict[str, str]]]:
    topology = complete()
    for alert in complete_alerts():
        for case in alert.fires:
            for expected in case.expects:
                yield alert, expected, alert_text.annotations_of(topology, alert).of(expected)


def test_every_message_names_what_it_is_about() -> None:
    """Each label that tells two of its instances apart is in the text, or in the resource."""
    silent = {
        (alert.alert, label)
        for alert, expected, texts in _messages()
        for label, value in expected.labels.items()
        # Where Coolify's own name of the resource is said, the planned service adds nothing.
        if value and label not in _UNSAID and not (label == "service" and "uuid" in expected.labels)
        if value not in f"{texts['description']} {texts.get('resource', '')}"
    }
    assert silent == set()


def test_every_message_about_a_service_or_a_container_names_its_resource() -> None:
    """As Coolify calls it, with project and environment where Coolify tells them."""
    for alert, expected, texts in _messages():
        labels = expected.labels
        if labels.get("resource") and (alert.alert.startswith("Container") or "uuid" in labels):
            assert labels["resource"] in texts["resource"], alert.alert
        if labels.get("environment"):
            assert texts["resource"] == "/".join(labels[key] for key in ("project", "environment", "resource"))
        if labels.get("service"):
            assert texts["resource"], alert.alert


def test_every_message_has_a_first_command_with_the_names_filled_in() -> None:
    """Except where there is nothing to run on the server; a shell can read each."""
    without = set()
    for alert, _, texts in _messages():
        command = texts.get("command")
        if command is None:
            without.add(alert.alert)
            continue
        assert not re.search(r"\$labels|\b(NAME|DEVICE|URL|HOST|TARGET)\b|<\w+>", command), f"{alert.alert}: {command}"
    assert without == _NO_COMMAND
    commands = sorted({texts["command"] for _, _, texts in _messages() if "command" in texts})
    done = subprocess.run(["bash", "-n"], input="\n".join(commands), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_alert_with_a_threshold_tells_the_number() -> None:
    """A reader sees how bad it is without opening a dashboard."""
    silent = {
        alert.alert for alert in complete_alerts() if alert.threshold is not None and "$value" not in alert.description
    }
    assert silent == _NO_NUMBER


def test_one_thing_is_and_several_are() -> None:
    """`1 replica is`, `2 replicas are`."""
    wrong = {
        texts["description"]
        for _, _, texts in _messages()
        if re.search(r"(?<![\d.,/-])1 (of the \d+ planned replicas of .* are|[a-z]+s\b(?! to\b))", texts["description"])
    }
    assert wrong == set()


def _command(topology: Topology, service: str, name: str = "ServiceDown") -> str:
    alert = next(one for one in complete_alerts() if one.alert == name)
    found = alert_command.command(topology, alert)
    assert found is not None
    return found.of({"server": "main", "service": service})


_COLUMNS = '{{.Label "coolify.resourceName"}},{{.Label "com.docker.compose.service"}},{{.Names}} {{.Status}}'
_TABLE = "docker ps -a --format '{{.Label \"coolify.resourceName\"}} {{.Names}} {{.Status}}' | grep -P "


_IN_PRODUCTION = "docker ps -a --filter label=coolify.environmentName=production"
_IN_LIVE = "docker ps -a --filter label=coolify.projectName=p --filter label=coolify.environmentName=live"
_APP = {"resource": "shop", "compose_service": "app", "project": "p", "environment": "live", "component": "a"}
_OTHERS = {"name": "shop-[a-z]+", "project": "p", "environment": "live", "component": "b"}


@pytest.mark.parametrize(
    ("selectors", "command", "called"),
    [
        ([], f"{_TABLE}'^web(-[0-9]+)? '", "web"),
        ([{"resource": "shop"}], "docker ps -a --filter label=coolify.resourceName=shop", "shop"),
        ([{"resource": "web"}], "docker ps -a --filter label=coolify.resourceName=web", "web"),
        ([{"resource": "shop|it's"}], f"{_TABLE}'^(shop|it'\"'\"'s) '", "shop|it's"),
        ([{"name": "coolify-proxy"}], "docker ps -a --filter name=^coolify-proxy$", "coolify-proxy"),
        (
            [{"compose_service": "app", "environment": "production"}],
            f"{_IN_PRODUCTION} --filter label=com.docker.compose.service=app",
            "app (production)",
        ),
        (
            [{"name": "one", "component": "a"}, {"name": "two", "component": "b"}],
            "docker ps -a --format '{{.Names}} {{.Status}}' | grep -P '^(one|two) '",
            "one or two",
        ),
        (
            [_APP, _OTHERS],
            f"{_IN_LIVE} --format '{_COLUMNS}' | grep -P '^((shop),(app),[^, ]*|[^, ]*,[^, ]*,(shop-[a-z]+)) '",
            "shop (p/live)",
        ),
    ],
)
def test_the_command_lists_the_containers_that_the_topology_selects(
    selectors: list[dict[str, str]], command: str, called: str
) -> None:
    """By label or name where that is all; otherwise by a pattern over a table of labels."""
    service = a_service("web", containers=[a_selector(**one) for one in selectors])
    topology = a_topology(services=(service, a_service("api")))
    assert _command(topology, "web") == command
    assert _command(topology, "api") == f"{_TABLE}'^api(-[0-9]+)? '"
    down = next(one for one in complete_alerts() if one.alert == "ServiceDown")
    named = alert_command.resource(topology, down)
    assert named is not None
    assert named.of({"service": "web"}) == called


def test_a_target_of_no_service_is_looked_for_among_all_containers() -> None:
    """The exporter of a server belongs to no service of the topology."""
    assert _command(a_topology(), "", "TargetDown") == "docker ps -a"


def test_a_runbook_that_speaks_of_a_container_says_how_to_find_it() -> None:
    """`docker logs NAME` works as it stands for nobody who has no name."""
    pages = runbook.book(complete(), complete_subjects())
    for name, page in pages.items():
        one = page.variants[0].runbook
        if re.search(r"\bNAME\b", " ".join((*one.first_look, *one.action))):
            assert "`NAME` is the container's name" in page.sections["First look"], name
    assert "- web: `docker ps -a --format" in pages["ServiceCrashLooping"].sections["First look"]
    assert "- web: `" not in pages["RedisDown"].sections["First look"]


def test_a_planned_number_is_that_of_the_deployment() -> None:
    """In a shared Prometheus another one may have a service of the same name."""
    (down, *_) = (one for one in complete_alerts() if one.alert == "ServiceDown")
    shared = a_topology(stack={"shared": True})
    looked_up = 'printf `component:replicas:desired{deployment="test",server=%q'
    assert looked_up in alert_text.annotations_of(shared, down).templates["description"]
    assert looked_up not in alert_text.annotations_of(a_topology(), down).templates["description"]
