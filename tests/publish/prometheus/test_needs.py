"""A configuration of one's own has what our rules need, or what it lacks is named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from support import deployments, rotation, small
from support.topologies import complete

from boxwatch.publish import rule_set
from boxwatch.publish.prometheus import needs, server
from boxwatch.publish.rule_set import RuleSet
from boxwatch.rules import catalogue as rules
from boxwatch.stack import prometheus
from boxwatch.topology.model import Topology

Config = dict[str, Any]


def _config(topology: Topology) -> bytes:
    return prometheus.files(topology)["prometheus/prometheus.yml"]


def _rules(topology: Topology) -> RuleSet:
    return rule_set.merge(rules.rule_files(rules.build(topology)))


def _lacking(topology: Topology, change: Callable[[Config], object], of_rules: RuleSet | None = None) -> list[str]:
    """What our own configuration lacks once it is changed."""
    live = yaml.safe_load(_config(topology))
    change(live)
    return list(needs.missing(_config(topology), of_rules or _rules(topology), live))


def _job(live: Config, name: str) -> Config:
    found: Config = next(job for job in live["scrape_configs"] if job["job_name"] == name)
    return found


def _alert(expr: str, **fields: str) -> RuleSet:
    """A set with one alert."""
    group = {"name": "a", **fields, "rules": [{"alert": "A", "expr": expr}]}
    return rule_set.merge({"x": json.dumps({"groups": [group]}).encode()})


@settings(
    rotation.examples(10),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(text=deployments.deployments())
def test_our_own_configuration_lacks_nothing(text: str) -> None:
    """Whatever deployment it is made from."""
    loaded = deployments.accepted(text)

    assert loaded is None or _lacking(loaded.topology, lambda _: None) == []


def test_the_configuration_as_prometheus_shows_it_lacks_nothing() -> None:
    """It shows every default of a relabelling, but no empty replacement."""

    def render(live: Config) -> None:
        for job in live["scrape_configs"]:
            for key in ("relabel_configs", "metric_relabel_configs"):
                for entry in job.get(key, ()):
                    entry |= {
                        "separator": entry.get("separator", ";"), "regex": entry.get("regex", "(.*)"),
                        "action": entry.get("action", "replace"), "replacement": entry.get("replacement", "$1"),
                    }  # fmt: skip
                    if not entry["replacement"]:
                        del entry["replacement"]

    assert _lacking(complete(), render) == []


def test_more_than_we_need_is_fine() -> None:
    """Jobs, relabelling, labels and targets of one's own, and a higher frequency."""

    def add(live: Config) -> None:
        live["scrape_configs"].insert(0, {"job_name": "own"})
        job = _job(live, "cadvisor")
        job["metric_relabel_configs"].insert(3, {"target_label": "team", "replacement": "me"})
        job["static_configs"][0]["labels"]["rack"] = "a"
        job["static_configs"][0]["targets"] = ["elsewhere:1"]
        job["scrape_interval"] = "5s"
        live["global"]["evaluation_interval"] = "5s"

    assert _lacking(small.topology(), add) == []


def test_a_missing_job_is_named_with_all_its_lines() -> None:
    """As YAML to add to scrape_configs."""
    found = _lacking(small.topology(), lambda live: live["scrape_configs"].remove(_job(live, "redis")))

    assert found[:2] == ["scrape_configs lacks the job:", "  - job_name: redis"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda live: _job(live, "cadvisor")["metric_relabel_configs"].pop(),
            "job cadvisor lacks in metric_relabel_configs, in this order:",
        ),
        (lambda live: _job(live, "cadvisor").pop("honor_timestamps"), "  honor_timestamps: false"),
        (lambda live: _job(live, "node").update(metrics_path="/node"), "  metrics_path: /metrics"),
        (
            lambda live: _job(live, "node").update(scrape_interval="5m"),
            "job node is scraped every 5m, which is too rarely:",
        ),
        (lambda live: live["global"].update(scrape_interval="5m"), "  scrape_interval: 30s"),
        (lambda live: live["global"].pop("evaluation_interval"), "  global: {evaluation_interval: 30s}"),
        (lambda live: live.pop("global"), "rules are evaluated every 1m, which is too rarely:"),
        (lambda live: _job(live, "node")["static_configs"][0].pop("labels"), "    server: main"),
    ],
    ids=["relabelling", "timestamps", "path", "interval", "global interval", "evaluation", "no global", "labels"],
)
def test_a_setting_that_rules_depend_on_is_named(change: Callable[[Config], object], said: str) -> None:
    """With the value they need."""
    assert said in "\n".join(_lacking(small.topology(), change))


def test_relabelling_in_another_order_is_missing() -> None:
    """A later entry overwrites the label of an earlier one."""
    found = _lacking(small.topology(), lambda live: _job(live, "cadvisor")["metric_relabel_configs"].reverse())

    assert "job cadvisor lacks in metric_relabel_configs, in this order:" in found


def test_labels_may_come_from_relabelling_or_from_service_discovery() -> None:
    """Those of discovery are unknown here, so they are not judged."""

    def relabel(live: Config) -> None:
        job = _job(live, "node")
        del job["static_configs"][0]["labels"]
        job["relabel_configs"] = [{"target_label": "server", "replacement": "main"}]

    def discover(live: Config) -> None:
        job = _job(live, "node")
        del job["static_configs"]
        job["file_sd_configs"] = [{"files": ["node.json"]}]

    assert _lacking(small.topology(), relabel) == []
    assert _lacking(small.topology(), discover) == []


def test_what_the_rules_do_not_need_may_be_missing() -> None:
    """A job that no rule selects, and the relabelling of a service that no rule mentions."""
    only_node = _alert('up{job="node"} == 0', interval="1m")

    def reduce(live: Config) -> None:
        live["scrape_configs"] = [_job(live, "node")]
        live["global"]["evaluation_interval"] = "5m"

    assert _lacking(small.topology(), reduce, only_node) == []
    of_containers = _alert('container_memory_rss{service="web"} > 1')
    live = yaml.safe_load(_config(small.topology()))
    job = _job(live, "cadvisor")
    job["metric_relabel_configs"] = [one for one in job["metric_relabel_configs"] if one.get("replacement") != "redis"]
    assert needs.missing(_config(small.topology()), of_containers, live) == ()
    job["metric_relabel_configs"] = [one for one in job["metric_relabel_configs"] if one.get("replacement") != "web"]
    assert "    replacement: web" in needs.missing(_config(small.topology()), of_containers, copy.deepcopy(live))


@pytest.mark.parametrize(
    ("matcher", "needed"),
    [
        ('job="redis"', True), ('job=~"re.*"', True), ('job!="redis"', False), ('job!~"redis"', False),
        ('job!="node"', False), ('job=~"n.*"', False), ('job=~".+",job!="redis"', False),
        ('job=~"(?P<a>re)\\\\w+"', True), ('job=~"("', False),
    ],
)  # fmt: skip
def test_a_job_is_needed_if_a_rule_selects_it_by_name(matcher: str, *, needed: bool) -> None:
    """A rule on all jobs but some judges what is there, and needs none of them."""
    one = _alert(f"up{{{matcher}}} == 0")

    found = _lacking(small.topology(), lambda live: live["scrape_configs"].remove(_job(live, "redis")), one)

    assert bool(found) is needed


def test_a_shared_prometheus_has_our_jobs_under_other_names() -> None:
    """Their targets keep the label `job`, which rules select."""
    shared = complete().in_shared_stack()

    assert _lacking(shared, lambda _: None) == []
    found = _lacking(shared, lambda live: live["scrape_configs"].remove(_job(live, f"{shared.name}/redis")))
    assert found[:2] == ["scrape_configs lacks the job:", f"  - job_name: {shared.name}/redis"]


def test_jobs_in_files_of_their_own_are_read(tmp_path: Path) -> None:
    """Prometheus shows only the names of those files; one that cannot be read here is named."""
    (tmp_path / "ours.yml").write_bytes(b"scrape_configs: [{job_name: a}]")
    (tmp_path / "broken.yml").write_bytes(b"[]")
    config = {"scrape_configs": [{"job_name": "b"}], "scrape_config_files": [f"{tmp_path}/*.yml", "/nowhere/x.yml"]}

    live, unread = server.with_files(config)

    assert (live["scrape_configs"], unread) == ([{"job_name": "b"}, {"job_name": "a"}], ("/nowhere/x.yml",))
