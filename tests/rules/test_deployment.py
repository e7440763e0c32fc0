"""A shared Prometheus: every query, series, rule and alert of ours carries the deployment's label."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import proofs, rotation
from support.artefacts import complete_artefacts, complete_subjects
from support.topologies import complete

from boxwatch.assemble import assemble
from boxwatch.checks import catalogue
from boxwatch.dashboards import layout, render
from boxwatch.dashboards.panels.alert_list import AlertList
from boxwatch.promql.parse import parse
from boxwatch.promql.selectors import selectors
from boxwatch.rules import catalogue as rules
from boxwatch.rules import deployment
from boxwatch.topology.model import Topology


@functools.cache
def _shared() -> Topology:
    return complete().in_shared_stack()


@functools.cache
def _artefacts() -> Mapping[str, bytes]:
    return assemble(_shared())


def _documents(folder: str) -> Iterator[tuple[str, Any]]:
    for path, content in _artefacts().items():
        if path.startswith(folder):
            yield path, yaml.safe_load(content) if path.endswith(("yaml", "yml")) else json.loads(content)


def _queries(node: object) -> Iterator[str]:
    """Every query of a dashboard: of targets, annotations and variables."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "expr" and isinstance(value, str):
                yield value
            elif key in ("query", "definition") and isinstance(value, str) and value.startswith("label_values("):
                yield value.removeprefix("label_values(").rpartition(",")[0]
            else:
                yield from _queries(value)
    elif isinstance(node, list):
        for one in node:
            yield from _queries(one)


def _unscoped(query: str) -> bool:
    """Grafana's variables are replaced as Grafana would."""
    plain = query.replace("$__interval_ms", "1").replace("$__from", "1").replace("$__rate_interval", "5m")
    plain = plain.replace("$__interval", "5m").replace("$__range", "1h")
    return any('deployment="mvp"' not in map(str, _matchers(one)) for one in selectors(parse(plain)))


def _matchers(selector: Any) -> list[str]:  # noqa: ANN401 - a selector of the engine
    return [f'{one.name}="{one.value}"' for one in selector.matchers]


def test_every_rule_selects_only_our_series_and_labels_its_result() -> None:
    """Two deployments with the same services record series of the same names."""
    found = 0
    for path, document in _documents("prometheus/rules/"):
        for group in document["groups"]:
            assert group["name"].startswith("mvp/"), path
            for rule in group["rules"]:
                found += 1
                assert not _unscoped(rule["expr"]), f"{path}: {rule['expr']}"
                assert rule["labels"]["deployment"] == "mvp", f"{path}: {rule}"

    assert found > 400


def test_every_query_of_a_dashboard_selects_only_our_series() -> None:
    """A dashboard of one deployment shows nothing of another."""
    queries = [(path, query) for path, document in _documents("grafana/") for query in _queries(document)]

    assert len(queries) > 250
    assert [(path, query) for path, query in queries if _unscoped(query)] == []


def _panels(page: Any) -> list[Any]:  # noqa: ANN401 - Grafana's JSON
    return list(page["panels"])


def test_every_alert_list_shows_only_our_alerts() -> None:
    """Grafana asks for the alerts of the whole Prometheus."""
    alerts = AlertList(title="Alerts", description="Pending and firing alerts. Healthy: none.", matchers='a="b"')
    page = render.Page(
        id="alerts",
        title="Alerts",
        description="Which alerts fire?",
        variables=(),
        marked="",
        panels=layout.place(layout.even(4, alerts)),
    )

    (panel,) = _panels(render.build(page, _shared()))

    assert panel["options"]["alertInstanceLabelFilter"] == '{deployment="mvp", a="b"}'


@pytest.mark.parametrize("whole", rotation.WHOLE)
def test_our_own_check_finds_nothing(*, whole: bool) -> None:
    """The label is known to exist on every series."""
    files = _artefacts() if whole else proofs.sampled(_artefacts(), 3, "shared check")

    assert catalogue.run(files, _shared().scrape_interval).findings == ()


def test_a_prometheus_of_our_own_needs_no_label() -> None:
    """Neither rules nor dashboards mention it, so that they are as short as they can be."""
    assert deployment.labels(complete()) == {}
    assert [path for path, content in complete_artefacts().items() if b'deployment="' in content] == []


@pytest.mark.parametrize("whole", rotation.WHOLE)
def test_every_proof_holds_in_a_shared_prometheus(
    program: Callable[[str], str], tmp_path: Path, *, whole: bool
) -> None:
    """A join that lost the label would find nothing, or too much."""
    built = rules.build(_shared())
    for path, content in {**rules.rule_files(built), **rules.test_files(built)}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    tests = sorted(path.name for path in (tmp_path / "prometheus/tests").iterdir())
    chosen = tests if whole else rotation.sample(tests, 8, "shared proofs")

    done = subprocess.run(
        [program("promtool"), "test", "rules", *chosen],
        cwd=tmp_path / "prometheus/tests",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:]


def test_only_our_groups_are_judged() -> None:
    """A rule of others that fails is theirs to mend; and how much their Prometheus holds is theirs to plan."""
    made = {alert.alert: alert.expr for subject in rules.subjects(_shared()) for alert in subject.alerts}

    assert 'rule_group=~".+;mvp/.+"' in made["PrometheusRuleFailures"]
    assert 'rule_group=~".+;mvp/.+"' in made["PrometheusMissedEvaluations"]
    assert {alert.alert for subject in complete_subjects() for alert in subject.alerts} - made.keys() == {
        "PrometheusSeriesHigh"
    }
