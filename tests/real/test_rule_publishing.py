"""Publishing rules to a real Prometheus, with publishers killed at random times."""

from __future__ import annotations

import collections
import contextlib
import functools
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from support import publisher, rule_sets
from support.artefacts import default_artefacts
from support.programs import free_port, get, running, wait_for

from boxwatch.cli import main
from boxwatch.errors import PublishError
from boxwatch.publish import rule_set
from boxwatch.publish.http import Client
from boxwatch.publish.prometheus import prometheus_rules
from boxwatch.publish.reload import ExternalReload, HttpReload, SignalReload
from boxwatch.publish.store import Store

Program = Callable[[str], str]

# 200 for the full proof, which takes two and a half minutes.
KILLS = int(os.environ.get("BOXWATCH_KILLS", "10"))
# Seconds for one publish, and for one publisher to get ready.
_TIMEOUT = 20.0


@dataclass(frozen=True)
class _Box:
    """A running Prometheus and its rules directory."""

    url: str
    rules: Path
    process: subprocess.Popen[bytes]

    @property
    def target(self) -> prometheus_rules.Target:
        client = Client(self.url)
        return prometheus_rules.Target(self.rules, client, HttpReload(client), _TIMEOUT)

    @property
    def groups(self) -> list[dict[str, Any]]:
        return _groups(self.url) or []

    def publish(self, files: dict[str, bytes], target: prometheus_rules.Target | None = None) -> str:
        to = target or self.target
        return prometheus_rules.apply(to, prometheus_rules.plan(to, rule_set.merge(files)))

    def on_disk(self) -> str:
        """The set on disk; an error if it is incomplete."""
        live = (self.rules / "boxwatch.yaml").read_bytes()
        return next(name for name, content in _contents().items() if content == live)


def _groups(url: str) -> list[dict[str, Any]] | None:
    answer = get(f"{url}/api/v1/rules")
    return None if answer is None else list(answer["data"]["groups"])


@functools.cache
def _contents() -> dict[str, bytes]:
    kinds = {"A": rule_sets.files, "B": rule_sets.files, "refused": rule_sets.refused, "failing": rule_sets.failing}
    return {name: rule_set.merge(make(name)).content for name, make in kinds.items()}


@pytest.fixture
def box(tmp_path: Path, program: Program) -> Iterator[_Box]:
    """A Prometheus that evaluates ten times a second, initially without rules."""
    rules, port = tmp_path / "rules", free_port()
    rules.mkdir()
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1m, evaluation_interval: 100ms}\nrule_files: ['rules/*.yaml']\n", encoding="utf-8"
    )
    command = [
        program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-lifecycle",
    ]
    with running(command, tmp_path / "prometheus.log") as process:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: _groups(url) is not None, "Prometheus", 30)
        # It shows its rules before it is ready to be told to reload.
        wait_for(
            lambda: "Server is ready" in (tmp_path / "prometheus.log").read_text(encoding="utf-8"), "readiness", 30
        )
        yield _Box(url, rules, process)


def test_rules_are_loaded_and_evaluated_when_publish_returns(box: _Box) -> None:
    """Rules are live when publish returns, also for the next set; after two rollbacks none is left."""
    assert box.publish(rule_sets.files("A")) == ""
    assert rule_sets.which(box.groups) == "A"
    assert {rule["health"] for group in box.groups for rule in group["rules"]} == {"ok"}

    assert box.publish(rule_sets.files("B")) == ""
    assert rule_sets.which(box.groups) == "B"

    prometheus_rules.apply(box.target, prometheus_rules.rollback(box.target))
    assert (rule_sets.which(box.groups), box.on_disk()) == ("A", "A")


def test_the_command_brings_the_default_deployment_into_prometheus(box: _Box, program: Program) -> None:
    """The default deployment passes promtool and every rule is evaluated; a rollback removes all of it."""
    program("promtool")
    where = ["--prometheus", box.url, "--rules-dir", str(box.rules), "--yes"]

    refused = CliRunner().invoke(main, ["publish", *where])
    assert (refused.exit_code, "scrape_configs lacks the job" in refused.stderr, box.groups) == (1, True, [])
    done = CliRunner().invoke(main, ["publish", *where, "--skip-config-check"])

    assert done.exit_code == 0, done.output
    assert len(box.groups) == len([line for line in done.stdout.splitlines() if line.startswith("  + ")]) + 1
    assert {rule["health"] for group in box.groups for rule in group["rules"]} == {"ok"}
    assert CliRunner().invoke(main, ["rollback", *where]).exit_code == 0
    assert box.groups == []


def test_rules_alone_need_a_configuration_that_has_ours(box: _Box) -> None:
    """Merged into the user's own; a line that is missing there is named, as YAML to add."""
    ours = yaml.safe_load(default_artefacts()["prometheus/prometheus.yml"])
    # `publish` returns after an evaluation.
    ours["global"]["evaluation_interval"] = "1s"
    config = box.rules.parent / "prometheus.yml"
    own = {"job_name": "own", "static_configs": [{"targets": ["127.0.0.1:1"]}]}
    ours["scrape_configs"].insert(0, own)
    where = ["--prometheus", box.url, "--rules-dir", str(box.rules)]
    cadvisor = next(job for job in ours["scrape_configs"] if job["job_name"] == "cadvisor")
    entry = next(one for one in cadvisor["metric_relabel_configs"] if one.get("replacement") == "worker")
    place = cadvisor["metric_relabel_configs"].index(entry)
    cadvisor["metric_relabel_configs"].remove(entry)
    config.write_text(yaml.safe_dump(ours), encoding="utf-8")

    box.target.reload(_TIMEOUT)
    refused = CliRunner().invoke(main, ["publish", *where, "--yes"])
    assert refused.exit_code == 1
    assert "Error: job cadvisor lacks in metric_relabel_configs, in this order:" in refused.stderr
    assert "regex: worker(-[0-9]+)?" in refused.stderr
    assert refused.stderr.count("target_label") == 1
    assert box.groups == []

    cadvisor["metric_relabel_configs"].insert(place, entry)
    config.write_text(yaml.safe_dump(ours), encoding="utf-8")
    box.target.reload(_TIMEOUT)
    done = CliRunner().invoke(main, ["publish", *where, "--yes"])
    assert done.exit_code == 0, done.output
    assert box.groups != []


def test_rules_of_ones_own_are_evaluated_with_ours(box: _Box, program: Program) -> None:
    """Those of the examples, in the same set: a rollback removes both, and no second file is needed."""
    program("promtool")
    topology = Path(__file__).parents[2] / "examples" / "topology.yaml"
    where = ["--prometheus", box.url, "--rules-dir", str(box.rules), "--skip-config-check", "--yes"]

    done = CliRunner().invoke(main, ["publish", str(topology), *where])

    assert done.exit_code == 0, done.output
    own = [rule for group in box.groups if group["name"].startswith("orders") for rule in group["rules"]]
    assert [(rule["name"], rule["health"]) for rule in own] == [
        ("service:orders:rate5m", "ok"),
        ("OrdersStopped", "ok"),
    ]
    assert {group["file"] for group in box.groups} == {str(box.rules / "boxwatch.yaml")}
    assert CliRunner().invoke(main, ["diff", str(topology), *where[:-1]]).exit_code == 0
    assert CliRunner().invoke(main, ["rollback", *where]).exit_code == 0
    assert box.groups == []


def test_what_prometheus_refuses_is_taken_back(box: _Box) -> None:
    """The error quotes Prometheus, and the old set is on disk and loaded."""
    box.publish(rule_sets.files("A"))

    with pytest.raises(PublishError, match=r"(?s)rejected the rules \(500\): failed to reload config.*previous rules"):
        box.publish(rule_sets.refused("refused"))

    assert (rule_sets.which(box.groups), box.on_disk()) == ("A", "A")
    assert prometheus_rules.plan(box.target, rule_set.merge(rule_sets.files("A"))).needed is False


def test_what_cannot_be_evaluated_is_taken_back(box: _Box) -> None:
    """A set that loads but fails at its first evaluation is rolled back."""
    with pytest.raises(PublishError, match=r"(?s)extra / level:broken:op fails: .*there were no rules before"):
        box.publish(rule_sets.failing("failing"))

    assert box.groups == []
    assert not (box.rules / "boxwatch.yaml").exists()


def test_rules_are_loaded_by_a_signal(box: _Box) -> None:
    """After a SIGHUP, reading back over HTTP is the only confirmation."""
    target = prometheus_rules.Target(box.rules, Client(box.url), SignalReload(box.process.pid), _TIMEOUT)

    assert box.publish(rule_sets.files("A"), target) == ""
    assert rule_sets.which(box.groups) == "A"


def test_a_set_that_nobody_loads_is_taken_back(box: _Box) -> None:
    """Without a reload the error names the rules that Prometheus has loaded instead."""
    box.publish(rule_sets.files("A"))
    target = prometheus_rules.Target(box.rules, Client(box.url), ExternalReload(), 1)

    with pytest.raises(PublishError, match=r"(?s)Prometheus has another set .*the previous rules are in place again"):
        box.publish(rule_sets.files("B"), target)

    assert (rule_sets.which(box.groups), box.on_disk()) == ("A", "A")


def test_an_alert_goes_on_firing_through_a_publish(box: _Box) -> None:
    """The group keeps its file name, by which Prometheus recognises it: an alert does not page twice."""
    alert = {"alert": "Firing", "expr": "vector(1)", "for": "300ms", "labels": {"set": "A"}}
    box.publish(rule_sets.files("A", extra=alert))

    def since() -> set[str]:
        rules = [rule for group in box.groups for rule in group["rules"] if rule["type"] == "alerting"]
        return {one["activeAt"] for rule in rules for one in rule["alerts"] if one["state"] == "firing"}

    before = wait_for(since, "firing alert", 10)
    box.publish(rule_sets.files("B", extra=alert | {"annotations": {"summary": "New."}}))

    assert since() == before


@dataclass
class _Witness:
    """Continuously compares the loaded rules with those on disk, and triggers reloads at random times."""

    box: _Box
    seen: collections.Counter[str] = field(default_factory=collections.Counter)
    wrong: list[str] = field(default_factory=list)
    reloads: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        while not self.over.is_set():
            groups = _groups(self.box.url)
            try:
                if groups is not None:
                    self.seen[rule_sets.which(groups)] += 1
                self.box.on_disk()
                self.seen["on disk"] += 1
            except (AssertionError, StopIteration, FileNotFoundError) as error:
                self.wrong.append(repr(error))
            time.sleep(0.001)

    def disturb(self) -> None:
        chance = random.Random(5)  # noqa: S311 - moments
        while not self.over.wait(chance.uniform(0.005, 0.1)):
            self.box.process.send_signal(signal.SIGHUP)
            self.reloads += 1

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        threads = [threading.Thread(target=work) for work in (self.look, self.disturb)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join()


def test_killed_at_any_moment_rules_are_the_whole_old_or_the_whole_new_set(
    box: _Box, record_property: Callable[[str, object], None]
) -> None:
    """Disk and Prometheus have the old or the new set, never a mixture, despite reloads; the next publish converges."""
    chance = random.Random(int(os.environ.get("BOXWATCH_SEED", "1")))  # noqa: S311 - moments
    box.publish(rule_sets.files("A"))
    begin = time.monotonic()
    box.publish(rule_sets.files("B"))
    usual = time.monotonic() - begin
    moments: collections.Counter[str] = collections.Counter()
    may_be = {"B"}
    witness = _Witness(box)

    with witness.watching():
        kills = 0
        while kills < KILLS:
            name = chance.choice(["A", "B", "A", "B", "refused", "failing"])
            # Half of them early, where the files are written; the rest while Prometheus loads and is asked.
            after = chance.uniform(0, chance.choice([0.05, 2 * usual]))
            before = box.on_disk()
            dead = publisher.killed(box.target, name, name if name in {"refused", "failing"} else "files", after)
            kills += dead
            may_be |= {name}
            assert box.on_disk() in may_be
            state = Store(box.rules).observe().state
            under_way = "under way" if state.before is not None else "at rest"
            moments[f"{'killed' if dead else 'ended'}, {under_way}, {'new' if box.on_disk() != before else 'old'}"] += 1
            if chance.random() < 0.6:
                name = chance.choice(["A", "B"])
                box.publish(rule_sets.files(name))
                assert (rule_sets.which(box.groups), box.on_disk()) == (name, name)
                assert Store(box.rules).observe().cut_off is False
                left = {path.name for path in (box.rules / ".boxwatch").iterdir()}
                assert left == {"lock", "sets", "state.json"}
                may_be = {name}

    figures = f"{kills} kills in {dict(moments)}; a publish takes {usual:.2f} s; looks {dict(witness.seen)}; "
    figures += f"{witness.reloads} reloads by others"
    record_property("figures", figures)
    print(figures)  # noqa: T201 - shown by pytest -s, to be quoted
    assert witness.wrong == []
    assert "refused" not in witness.seen
    assert witness.seen["A"] > 0
    assert witness.seen["B"] > 0
