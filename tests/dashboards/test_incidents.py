"""Incidents on the default deployment, computed by Prometheus: the first rows of overview and service name the culprit.

promtool evaluates the deployment's own rules on the series of its exporters, and then the queries of the panels.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

from boxwatch.dashboards import overview, service
from boxwatch.exporters.coolify import names as coolify
from boxwatch.grafana import expressions, tree
from boxwatch.rules import catalogue as rules
from boxwatch.topology import default
from boxwatch.topology.units import GIB, MIB

_BUILT = rules.build(default.load().topology)
# The rules that the first rows read; requests and disks are given as recorded, their own proofs are elsewhere.
_SUBJECTS = ("plan", "replicas", "memory")
_FILES = [f"{subject}.yaml" for subject in _SUBJECTS]
_MINUTES = 30


def _flat(value: float) -> str:
    return f"{value:.15g}x{_MINUTES}"


def _container(name: str, of: str, component: str = "", **changes: str) -> dict[str, str]:
    """Ten megabytes, never killed, a day old."""
    labels = f'job="cadvisor",server="main",service="{of}",resource="{name}",name="{name}"'
    labels += f',component="{component}"' if component else ""
    usual = {
        "container_start_time_seconds": _flat(-86400),
        "container_memory_working_set_bytes": _flat(10 * MIB),
        "container_memory_total_active_file_bytes": _flat(0),
        "container_oom_events_total": _flat(0),
    }
    return {f"{metric}{{{labels}}}": values for metric, values in (usual | changes).items()}


def _deployment(resource: str, *, failed: int) -> dict[str, str]:
    of = f'job="coolify",server="main",project="shop",environment="live",resource="{resource}"'
    results = {"failed": failed, "finished": 1 - failed}
    return {f'{coolify.DEPLOYMENT_RESULT}{{{of},result="{result}"}}': _flat(value) for result, value in results.items()}


def _healthy() -> dict[str, str]:
    found: dict[str, str] = {}
    for one in _BUILT.topology.services:
        for number in range(1, one.replicas + 1):
            for part in one.components:
                name = f"{part.component or one.name}-{number}"
                found |= _container(name, one.name, part.component or "")
    for name, rate in (("web", 40), ("api", 10)):
        found[f'service:requests:rate5m{{server="main",service="{name}"}}'] = _flat(rate)
        found[f'service:request_errors:rate5m{{server="main",service="{name}"}}'] = _flat(0)
    for device, free in (("/dev/sda1", 0.6), ("/dev/sdb1", 0.5)):
        found[f'device:disk_free:ratio{{server="main",device="{device}"}}'] = _flat(free)
    return found | _deployment("api", failed=0) | _deployment("web", failed=0)


@dataclass(frozen=True)
class Incident:
    """What is wrong, and where the pages say it.

    Attributes:
        series: what differs from the healthy deployment; empty values take a series away.
        panel: title of the panel of the overview's first row that names the culprit.
        labels: the culprit as the panel names it.
        value: the number next to the name.
        service: the service whose own page is opened, if one is to blame: a panel of the same title shows the same.
    """

    series: Mapping[str, str]
    panel: str
    labels: Mapping[str, str]
    value: float = 1
    service: str = ""


_BLIND = {name: "" for name in _healthy() if name.startswith("container_")}
_ENDED = {name: f"{values.partition('x')[0]}x9 stale" for name, values in _container("web-2", "web").items()}
_OVER = {"container_memory_working_set_bytes": _flat(1.25 * GIB)}
_ERRORS = 'service:request_errors:rate5m{server="main",service="api"}'

INCIDENTS = {
    "a replica is lost": Incident(_ENDED, "Replicas", {"service": "web"}, 1, "web"),
    "a leak ends in OOM kills": Incident(
        _container("api-2", "api", container_oom_events_total="0x9 1x9 2x20"),
        "OOM kills",
        {"service": "api"},
        2,
        "api",
    ),
    "one service fails at 8 % while others are fine": Incident(
        {_ERRORS: _flat(0.8)}, "Failing", {"service": "api"}, 0.08, "api"
    ),
    "one replica is over its budget, both together are not": Incident(
        _container("web-2", "web", **_OVER), "Memory", {"service": "web"}, 1.25, "web"
    ),
    "a disk fills": Incident(
        {'device:disk_free:ratio{server="main",device="/dev/sdb1"}': _flat(0.05)},
        "Disk left",
        {"device": "/dev/sdb1"},
        0.05,
    ),
    "a deployment fails": Incident(_deployment("api", failed=1), "Deploys", {"resource": "api"}),
    "cAdvisor is blind": Incident(_BLIND, "Replicas", {"server": "main"}),
}


@cache
def _first_row(page: str, chosen: str = "") -> dict[str, tuple[str, ...]]:
    """Title → queries of the panels at the top, for all servers and one service."""
    made = {"overview": overview, "service": service}[page].build(_BUILT)
    return {
        str(panel["title"]): tuple(
            expr.replace("$server", "main").replace("$service", chosen).replace("$__range", "25m")
            for _, expr in expressions.of_panel(panel)
        )
        for panel in tree.plots(made)
        if tree.node(panel["gridPos"])["y"] == 0
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the rules."""
    path = tmp_path_factory.mktemp("incidents")
    for name, content in rules.rule_files(_BUILT).items():
        (path / Path(name).name).write_bytes(content)
    return path


def _assert(folder: Path, series: Mapping[str, str], *expected: tuple[str, Mapping[str, str] | None, float]) -> None:
    """Each query returns one sample with exactly these labels and this value, or nothing at all."""
    all_ = {name: values for name, values in (_healthy() | dict(series)).items() if values}
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in all_.items()],
        "promql_expr_test": [
            {
                "expr": expr,
                "eval_time": f"{_MINUTES - 3}m",
                "exp_samples": [] if labels is None else [{"labels": _written(labels), "value": value}],
            }
            for expr, labels, value in expected
        ],
    }
    file = folder / "case.yaml"
    file.write_text(
        yaml.safe_dump(
            {"rule_files": [f"{one}.yaml" for one in _SUBJECTS], "evaluation_interval": "1m", "tests": [case]}
        )
    )
    ran = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr + ran.stdout


def _written(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


@pytest.mark.parametrize("incident", INCIDENTS.values(), ids=INCIDENTS.keys())
def test_the_first_rows_name_the_culprit(incident: Incident, folder: Path) -> None:
    """Nobody scrolls at night."""
    by = ", ".join(incident.labels)
    queries = _first_row("overview")[incident.panel]
    named = " or ".join(f"count by ({by}) ({query})" for query in queries)
    shown = f"round(sum({' or '.join(queries)}), 0.01)"
    own: list[tuple[str, Mapping[str, str] | None, float]] = []
    if incident.service:
        query, *_ = _first_row("service", incident.service)[incident.panel]
        own.append((f"round(sum({query}), 0.01)", {}, incident.value))
    _assert(folder, incident.series, (named, incident.labels, 1), (shown, {}, incident.value), *own)


def test_the_healthy_deployment_accuses_nobody(folder: Path) -> None:
    """Panels that would name somebody say that there is nobody to name."""
    row = _first_row("overview")
    silent = [(row[title][0], None, 0.0) for title in ("Replicas", "OOM kills", "Failing", "Deploys")]
    none: list[tuple[str, Mapping[str, str] | None, float]] = [
        (row[title][1], {}, 0.0) for title in ("Replicas", "OOM kills", "Failing", "Deploys")
    ]
    _assert(folder, {}, *silent, *none, (row["Replicas"][2], None, 0))


def test_a_blind_deployment_is_not_called_healthy(folder: Path) -> None:
    """No panel is a green 0 where nobody knows."""
    row = _first_row("overview")
    gone = dict.fromkeys(_healthy(), "") | {'up{job="node",server="main"}': _flat(1)}
    empty = [(query, None, 0.0) for title in ("Memory", "OOM kills", "Failing", "Disk left") for query in row[title]]
    own = [(_first_row("service", "web")[title][0], None, 0.0) for title in ("Replicas", "OOM kills", "Memory")]
    _assert(folder, gone, *empty, *own, (row["Replicas"][1], None, 0))


def test_one_number_says_when_a_budget_is_full() -> None:
    """The overview, the service's page and capacity had three different answers."""
    said = _first_row("service", "web")["Full in"][0]
    alert = next(
        alert.expr
        for subject in _BUILT.subjects
        for alert in subject.alerts
        if alert.alert == "ContainerMemoryExhaustionPredicted"
    )
    bare = said.replace('server=~"main", service="web"', "").replace(", }", "}").replace("{}", "")
    assert " ".join(bare.removeprefix("min(min by (server, service) (").removesuffix("))").split()) in " ".join(
        alert.split()
    )
