"""History: what would have been scraped, relabelled as Prometheus does, and the recording rules in their order."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.relabelled import relabelled
from support.simulated import START, box, box_targets, built, topology

from boxwatch.errors import ToolError
from boxwatch.simulation import history
from boxwatch.simulation.coolify import Coolify
from boxwatch.simulation.pace import Pace
from boxwatch.simulation.relabelling import relabel

_JOBS = {job["job_name"]: job for job in yaml.safe_load(built()["prometheus/prometheus.yml"])["scrape_configs"]}


def _past() -> history.Past:
    return history.Past(box(), box_targets(), _JOBS, Pace(60, int(START), int(START)), 7200)


def test_relabelling_knows_the_built_actions() -> None:
    """Anchored expressions, joined sources, empty values that remove a label."""
    rules: list[dict[str, object]] = [
        {"source_labels": ["a", "b"], "regex": "x;(.+)", "target_label": "c", "replacement": "<$1>"},
        {"source_labels": ["c"], "target_label": "d"},
        {"source_labels": ["b"], "regex": "y", "target_label": "a", "replacement": ""},
        {"regex": "b|e.*", "action": "labeldrop"},
    ]

    assert relabel({"a": "x", "b": "y", "e1": "z"}, rules) == {"c": "<y>", "d": "<y>"}
    assert relabel({"a": "xx", "b": "n"}, rules) == {"a": "xx"}
    assert relabel({"a": "x"}, [{"source_labels": ["a"], "regex": "x", "action": "drop"}]) is None
    assert relabel({"a": "x"}, [{"source_labels": ["a"], "regex": "y", "action": "keep"}]) is None


def test_containers_are_relabelled_as_the_independent_implementation_does() -> None:
    """Two implementations, one result, for each container of the box."""
    (cadvisor,) = (target for target in box_targets() if target.job == "cadvisor")
    assert cadvisor.samples is not None
    for name, _, labels in cadvisor.samples(START) or ():
        given = {"__name__": name, **labels}
        rules = _JOBS["cadvisor"]["metric_relabel_configs"]
        assert relabel(given, rules) == relabelled(topology(), "main", given)


def test_a_moment_of_the_past_has_every_target_as_up() -> None:
    """With the labels of its target, on the wall's clock."""
    coolify = Coolify(box(), lambda: START - 60)
    coolify.turn()
    lines = list(_past()._moment(START - 60, coolify.samples()))  # noqa: SLF001 - one moment

    assert f'up{{server="main",job="node",instance="node-exporter:9100"}} 1 {START - 1:.3f}\n' in lines
    assert sum(line.startswith("up{") for line in lines) == len(box_targets())
    assert any(line.startswith("coolify_resource_info{") and 'service="web"' in line for line in lines)
    assert not any("container_label_" in line or " nan" in line for line in lines)
    assert len(lines) == len({line.rpartition("} ")[0] for line in lines if "{" in line}) + sum(
        "{" not in line for line in lines
    )


def test_a_history_is_cut_where_promtool_cuts_blocks() -> None:
    """Each moment once, in order."""
    blocks = list(history.Past(box(), box_targets(), _JOBS, Pace(1, int(START), int(START)), 21600)._blocks())  # noqa: SLF001 - as promtool does

    assert len(blocks) == 3
    assert [now for block in blocks for now in block] == [START - 21600 + 120 * number for number in range(180)]


def test_rules_follow_those_that_they_read() -> None:
    """Level by level, each rule once; rules that read only themselves stop nothing."""
    files = [yaml.safe_load(text) for path, text in built().items() if path.startswith("prometheus/rules/")]
    found = [[name for name, _, _ in level] for level in history.levels(files)]
    where = {name: number for number, level in enumerate(found) for name in level}

    assert where["service:requests:rate5m"] < where["service:requests:hourly"] < where["service:request_errors:ratio1d"]
    assert "target:worked:bool" in where
    assert len(found) < 10
    assert history.summed(files) >= {"service:requests:rate5m", "service:requests:hourly"}


def test_rules_that_read_each_other_are_one_level() -> None:
    """Otherwise they would never be ready."""
    rules = [{"record": "a", "expr": "b"}, {"record": "b", "expr": "a"}, {"record": "c", "expr": "vector(1)"}]

    assert [[name for name, _, _ in level] for level in history.levels([{"groups": [{"rules": rules}]}])] == [
        ["c"], ["a", "b"]
    ]  # fmt: skip


def test_samples_that_promtool_refuses_are_an_error(tmp_path: Path) -> None:
    """With its reason."""
    path = tmp_path / "bad.txt"
    path.write_text("not a sample\n", encoding="utf-8")

    with pytest.raises(ToolError, match="promtool refuses the demo's history: "):
        history.make_blocks(path, tmp_path / "data")
