"""Fragments: what is merged into a Prometheus and an Alertmanager that serve others too."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.notified import said

from boxwatch.rules import catalogue as rules
from boxwatch.stack import alertmanager, fragments, prometheus
from boxwatch.topology.model import Topology

Program = Callable[[str], str]

# Versions that tools/promtools.sh brings; the distribution's is older.
_NEWER = sorted((Path(__file__).parents[2] / ".tools/promtools").glob("[!b]*/usr/bin/promtool"))
_THEIRS = {"name": "theirs", "webhook_configs": [{"url": "http://theirs.example.com"}]}
_THEIR_ROUTE = {"receiver": "theirs", "matchers": ['team="web"']}


def _deployment(name: str) -> Topology:
    quiet = [{"times": ["22:00-07:00"]}]
    return said(quiet=quiet).model_copy(update={"name": name}).in_shared_stack()


def _alerting(topology: Topology) -> Any:  # noqa: ANN401 - a YAML document
    return yaml.safe_load(alertmanager.files(rules.build(topology))[fragments.ALERTMANAGER])


def _jobs(topology: Topology) -> list[Any]:
    found: list[Any] = yaml.safe_load(prometheus.files(topology)[fragments.SCRAPE])["scrape_configs"]
    return found


def _merged(*topologies: Topology) -> dict[str, Any]:
    """The configuration of others with our fragments appended, as the fragment's header says."""
    parts = [_alerting(topology) for topology in topologies]
    return {
        "route": {"receiver": "theirs", "routes": [*(one for part in parts for one in part["routes"]), _THEIR_ROUTE]},
        "receivers": [
            _THEIRS,
            *{one["name"]: one for part in parts for one in part["receivers"]}.values(),
        ],
        "inhibit_rules": [one for part in parts for one in part["inhibit_rules"]],
        "time_intervals": [one for part in parts for one in part["time_intervals"]],
    }


def _receiver(program: Program, file: Path, **labels: str) -> str:
    command = [program("amtool"), "config", "routes", "test", f"--config.file={file}"]
    pairs = [f"{key}={value}" for key, value in labels.items()]
    done = subprocess.run([*command, *pairs], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_alerts_of_two_deployments_and_of_others_reach_their_own_receivers(program: Program, tmp_path: Path) -> None:
    """In an Alertmanager with both fragments and the routes of others."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(_merged(_deployment("shop"), _deployment("blog"))), encoding="utf-8")

    for name in ("shop", "blog"):
        about = {"deployment": name, "alertname": "ServiceDown", "server": "main", "service": "web", "team": "web"}
        assert _receiver(program, file, severity="critical", **about) == f"{name}/night"
        assert _receiver(program, file, severity="warning", **about) == f"{name}/office"
    assert _receiver(program, file, alertname="ServiceDown", severity="critical", team="web") == "theirs"
    assert _receiver(program, file, alertname="Watchdog", severity="none") == "theirs"


def test_no_alert_is_inhibited_by_another_deployment() -> None:
    """Both sides of each inhibition are ours."""
    for rule in _alerting(_deployment("shop"))["inhibit_rules"]:
        assert 'deployment="shop"' in rule["source_matchers"], rule
        assert 'deployment="shop"' in rule["target_matchers"], rule


def test_names_in_the_fragments_of_two_deployments_differ() -> None:
    """Prometheus and Alertmanager refuse a name that occurs twice."""
    shop, blog = _deployment("shop"), _deployment("blog")

    assert not {job["job_name"] for job in _jobs(shop)} & {job["job_name"] for job in _jobs(blog)}
    for key in ("receivers", "time_intervals"):
        both = [{one["name"] for one in _alerting(topology)[key]} - {"blackhole"} for topology in (shop, blog)]
        assert all(both)
        assert not both[0] & both[1]


def test_every_target_has_the_labels_that_rules_expect() -> None:
    """The job of a rule is a target's label, because the configuration's job names carry the deployment."""
    plain = yaml.safe_load(prometheus.files(said())["prometheus/prometheus.yml"])["scrape_configs"]
    expected = [
        (static["targets"], static["labels"].get("job", job["job_name"]))
        for job in plain
        for static in job["static_configs"]
    ]
    statics = [static for job in _jobs(_deployment("shop")) for static in job["static_configs"]]

    assert [(static["targets"], static["labels"]["job"]) for static in statics] == expected
    assert {static["labels"]["deployment"] for static in statics} == {"shop"}


def test_prometheus_loads_both_fragments_beside_the_jobs_of_others(program: Program, tmp_path: Path) -> None:
    """Appended to `scrape_configs`, which every version reads."""
    theirs = [{"job_name": "node", "static_configs": [{"targets": ["theirs:9100"]}]}]
    jobs = [*theirs, *_jobs(_deployment("shop")), *_jobs(_deployment("blog"))]
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump({"scrape_configs": jobs}), encoding="utf-8")

    done = subprocess.run(
        [program("promtool"), "check", "config", "--syntax-only", file], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("tool", _NEWER, ids=lambda tool: tool.parents[2].name)
def test_a_newer_prometheus_reads_the_fragment_as_a_file(tool: Path, tmp_path: Path) -> None:
    """`scrape_config_files` exists since 2.43."""
    (tmp_path / "shop.yml").write_bytes(prometheus.files(_deployment("shop"))[fragments.SCRAPE])
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump({"scrape_config_files": ["shop.yml"]}), encoding="utf-8")

    done = subprocess.run([tool, "check", "config", "--syntax-only", file], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stack_of_our_own_has_no_fragments() -> None:
    """Its configurations are ours as a whole."""
    assert set(prometheus.files(said())) == {"prometheus/prometheus.yml"}
    assert fragments.ALERTMANAGER not in alertmanager.files(rules.build(said()))
