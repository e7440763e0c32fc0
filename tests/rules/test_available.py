"""Parts that do not exist (`none`): nothing is alerted that needs them, and no alert reports them as missing."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from support import deployments, rotation
from support.topologies import a_server, a_service, a_topology, complete

from boxwatch.promql.parse import parse
from boxwatch.promql.selectors import selectors
from boxwatch.rules import available, catalogue, names
from boxwatch.rules.alert_text import annotations_of
from boxwatch.rules.model import Alert
from boxwatch.stack import prometheus
from boxwatch.topology.model import Topology

_STACK = ("prometheus", "alertmanager", "grafana", "blackbox")
_EXPORTERS = ("node", "cadvisor")


def _without(*parts: str) -> Topology:
    """The complete deployment without these parts."""
    topology = complete()
    (server,) = topology.servers
    exporters = server.targets.model_copy(update={part: None for part in parts if part in _EXPORTERS})
    stack = topology.stack.model_copy(update={part: None for part in parts if part in _STACK})
    return topology.model_copy(
        update={"servers": (server.model_copy(update={"exporters": exporters}),), "stack": stack}
    )


def _alerts(topology: Topology) -> dict[str, Alert]:
    return {alert.alert: alert for subject in catalogue.subjects(topology) for alert in subject.alerts}


def _scraped(topology: Topology) -> Iterator[str]:
    """The jobs of prometheus.yml, as targets carry them."""
    document = yaml.safe_load(prometheus.files(topology)["prometheus/prometheus.yml"])
    for job in document["scrape_configs"]:
        for target in job["static_configs"]:
            yield target["labels"].get("job", job["job_name"])


@settings(
    rotation.examples(40),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(text=deployments.deployments())
def test_rules_know_the_scrape_jobs_that_there_are(text: str) -> None:
    """Whatever exists: those of prometheus.yml and no others."""
    loaded = deployments.accepted(text)

    assert loaded is None or available.jobs(loaded.topology) == set(_scraped(loaded.topology))


_COMBINATIONS = {
    " ".join(parts): parts for count in range(1, 7) for parts in itertools.combinations((*_STACK, *_EXPORTERS), count)
}


@pytest.mark.parametrize("parts", rotation.sampled(_COMBINATIONS, 8, "parts that do not exist"))
def test_nothing_is_read_of_a_part_that_does_not_exist(parts: tuple[str, ...]) -> None:
    """By no rule; all combinations of parts are tried."""
    jobs = {*parts, *(("probe", "probe-ports") if "blackbox" in parts else ())}

    assert [
        (rule.expr, selector.job)
        for subject in catalogue.subjects(_without(*parts))
        for group in subject.groups
        for rule in group.rules
        for selector in selectors(parse(rule.expr))
        if selector.job in jobs and ":" not in selector.name
    ] == []


def test_nothing_is_left_out_where_every_part_exists() -> None:
    """Not even looked at."""
    topology = complete()

    assert available.is_complete(topology)
    assert catalogue.build(topology).recorded == {
        rule.record
        for subject in catalogue.subjects(topology)
        for rule in subject.records
        if rule.expr != available.NOTHING
    }


@pytest.mark.parametrize(
    ("part", "lost", "left"),
    [
        ("prometheus", ["PrometheusRuleFailures"], ["ConfigurationRejected", "Watchdog", "ServiceDown"]),
        ("alertmanager", ["AlertmanagerNotificationsFailing", "PrometheusNotificationsFailing"], ["Watchdog"]),
        ("grafana", ["GrafanaErrors"], ["Watchdog"]),
        ("blackbox", ["ProbeFailed", "PortExposed", "ProberDown"], ["ServiceDown"]),
        ("node", ["HostDiskLow", "ServerOomKilled"], ["ServiceDown", "ContainerMemoryNearLimit"]),
        (
            "cadvisor",
            ["ServiceDown", "ContainersNeverSeen", "ContainerOutsidePlan"],
            ["PostgresDown", "ServerOomKilled"],
        ),
    ],
)
def test_a_part_takes_its_alerts_along_and_no_others(part: str, lost: list[str], left: list[str]) -> None:
    """Not those that would report the part itself as missing either."""
    there, before = _alerts(_without(part)), _alerts(complete())

    assert set(lost + left) <= before.keys()
    assert there.keys().isdisjoint(lost)
    assert set(left) <= there.keys()


def test_no_kill_is_said_to_be_outside_of_containers_where_nothing_sees_them() -> None:
    """The kernel's count is all that is known."""
    alert = _alerts(_without("cadvisor"))["ServerOomKilled"]

    assert alert.summary == "The kernel killed a process for lack of memory."
    assert "cAdvisor" not in alert.description


def _constants(topology: Topology, service: str) -> set[str]:
    plan = next(subject for subject in catalogue.subjects(topology) if subject.id == names.PLAN_SUBJECT)
    return {rule.record for rule in plan.records if rule.labels.get(names.SERVICE) == service}


def test_nothing_is_planned_of_containers_that_do_not_exist() -> None:
    """A plan of replicas or RAM would be missed by alerts and tables."""
    servers = (a_server(), a_server("native", address="10.0.0.2", containers="none"))
    topology = a_topology(
        servers=servers,
        services=(
            a_service("web"),
            a_service("managed", kind="postgres", containers="none"),
            a_service("ledger", kind="postgres", server="native"),
        ),
    )

    assert _constants(topology, "managed") == {names.SERVICE_INFO, names.SERVICE_PAGES, names.SERVICE_ROUTERS}
    assert _constants(topology, "ledger") == _constants(topology, "managed")
    assert names.COMPONENT_REPLICAS_DESIRED in _constants(topology, "web")


def test_the_first_command_lists_no_containers_that_do_not_exist() -> None:
    """Of two databases, one of which is managed."""
    services = (
        a_service("managed", kind="postgres", containers="none"),
        a_service("own", kind="postgres", containers=[{"name": "own"}]),
    )
    both = a_topology(services=services)
    managed = a_topology(services=services[:1])

    assert (
        '{{ if eq $labels.service "managed" }}{{ else if'
        in annotations_of(both, _alerts(both)["PostgresDown"]).templates["command"]
    )
    assert "command" not in annotations_of(managed, _alerts(managed)["PostgresDown"]).templates


def test_servers_without_containers_are_not_blind(tmp_path: Path) -> None:
    """Nor are they *ContainersNeverSeen*, though others of the same deployment are."""
    topology = a_topology(
        servers=(a_server(), a_server("native", address="10.0.0.2", containers="none")),
        services=(a_service(), a_service("db", kind="postgres", server="native")),
    )
    for path, content in catalogue.rule_files(catalogue.build(topology)).items():
        (tmp_path / Path(path).name).write_bytes(content)
    blind = 'ALERTS{alertstate="firing",alertname=~"Container(sNeverSeen|MetricsMissing)|ServiceDown"}'
    test = {
        "rule_files": [str(path) for path in tmp_path.glob("*.yaml")],
        "evaluation_interval": "30s",
        "tests": [
            {
                "interval": "30s",
                "promql_expr_test": [
                    {
                        "expr": f"count by (alertname, server) ({blind})",
                        "eval_time": "1h",
                        "exp_samples": [{"labels": '{alertname="ContainersNeverSeen",server="main"}', "value": 1}],
                    }
                ],
            }
        ],
    }
    (tmp_path / "test.json").write_text(json.dumps(test), encoding="utf-8")

    run = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.json")], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr
