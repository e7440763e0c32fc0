"""Each part of the stack is killed in turn: which alert says so within five minutes, by the rules of the build.

Prometheus and Alertmanager cannot tell of their own end. Their heartbeat stops, which `tests/real/test_heartbeat.py`
measures, and somebody outside waits for it (docs/watchdog.md).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest
import yaml
from support.artefacts import default_artefacts

from boxwatch.rules import names
from boxwatch.stack import compose
from boxwatch.topology import default

# Samples every 30 s: healthy for ten minutes, then killed.
_HEALTHY: Final = 20
_WATCHED: Final = 10
# The rules that judge targets and containers, and what they are made of.
_RULES: Final = ("plan", "worked", "container_visibility", "replicas", "replica_health", "scraping")
_NOBODY: Final = "nobody"
PARTS: Final = tuple(part.name for part in compose.parts(default.load().topology))


def _targets() -> Iterator[tuple[str, dict[str, str]]]:
    """Part or host, and labels, of every scraped target."""
    config = yaml.safe_load(default_artefacts()["prometheus/prometheus.yml"])
    for job in config["scrape_configs"]:
        for group in job["static_configs"]:
            for place in group["targets"]:
                host = place.rpartition(":")[0]
                labels = {key: value for key, value in group["labels"].items() if not key.startswith("__")}
                yield (
                    "prometheus" if host == "localhost" else host,
                    {"job": job["job_name"], "instance": place, **labels},
                )


def _series(name: str, labels: Mapping[str, str], values: str) -> dict[str, str]:
    inner = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return {"series": f"{name}{{{inner}}}", "values": values}


def _after_killing(part: str) -> list[dict[str, str]]:
    """What Prometheus scrapes: targets that answer, and containers that cAdvisor sees."""
    lives = f"1x{_HEALTHY + _WATCHED}"
    found = [
        _series("up", labels, f"1x{_HEALTHY} 0x{_WATCHED}" if host == part else lives) for host, labels in _targets()
    ]
    # A resource of Coolify, so that its labels are known.
    containers = {**{name: {"component": name} for name in PARTS}, "web-1": {"service": "web", "resource": "web-1"}}
    for name, labels in containers.items():
        # Without cAdvisor, no container is seen.
        gone = part in {name, "cadvisor"}
        whole = {"job": names.JOB_CADVISOR, "server": "main", "service": "monitoring", "name": name, **labels}
        found.append(_series("container_start_time_seconds", whole, f"1x{_HEALTHY} stale" if gone else lives))
    return found


@pytest.fixture(scope="module")
def firing(program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Part → the alerts that fire five minutes after its end, and did not before it."""
    folder = tmp_path_factory.mktemp("killed")
    for name in _RULES:
        (folder / f"{name}.rules").write_bytes(default_artefacts()[f"prometheus/rules/{name}.yaml"])
    new = 'count by (alertname) (ALERTS{alertstate="firing"} unless ALERTS{alertstate="firing"} offset 10m)'
    at = f"{_HEALTHY // 2 + 5}m"
    tests: list[dict[str, Any]] = [
        {
            "interval": "30s",
            "input_series": _after_killing(part),
            # Nothing is expected, so that promtool prints what there is.
            "promql_expr_test": [
                {"expr": f'label_replace({new}, "part", "{part}", "", "")', "eval_time": at, "exp_samples": []}
            ],
        }
        for part in (*PARTS, _NOBODY)
    ]
    document = {"rule_files": ["*.rules"], "evaluation_interval": "30s", "tests": tests}
    (folder / "killed.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    done = subprocess.run(
        [program("promtool"), "test", "rules", folder / "killed.yaml"], capture_output=True, text=True, check=False
    )
    found: dict[str, set[str]] = {part: set() for part in (*PARTS, _NOBODY)}
    for alert, part in re.findall(r'\{alertname="(\w+)", part="([\w-]+)"\}', done.stdout + done.stderr):
        found[part].add(alert)
    return found


@pytest.mark.parametrize("part", PARTS)
def test_the_end_of_a_part_is_told_within_five_minutes(part: str, firing: Mapping[str, set[str]]) -> None:
    """By the part that measures containers; and the end of that part by a rule that misses its metrics."""
    expected = "ContainerMetricsMissing" if part == "cadvisor" else "ServiceDown"

    assert expected in firing[part]


def test_while_all_parts_run_nothing_is_told(firing: Mapping[str, set[str]]) -> None:
    """Or the test above would prove nothing."""
    assert not {"ContainerMetricsMissing", "ServiceDown", "TargetDown"} & firing[_NOBODY]


def test_every_part_is_scraped() -> None:
    """A part without a target is missed by its container only."""
    assert set(PARTS) <= {host for host, _ in _targets()}


def test_alertmanager_forgets_prometheus_soon() -> None:
    """Four times the delay at which alerts are sent again, or four evaluations: the heartbeat ends in two minutes."""
    command = compose.parts(default.load().topology)[0].command
    config = yaml.safe_load(default_artefacts()["prometheus/prometheus.yml"])

    assert "--rules.alert.resend-delay=30s" in command
    assert config["global"]["evaluation_interval"] == "30s"
