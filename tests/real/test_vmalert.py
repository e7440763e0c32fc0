"""Publishing rules to a real vmalert, which reads them from a directory as Prometheus does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support import rule_sets
from support.programs import free_port, get, running, wait_for

from boxwatch.cli import main
from boxwatch.errors import PublishError
from boxwatch.publish import rule_set
from boxwatch.publish.http import Client
from boxwatch.publish.prometheus import prometheus_rules
from boxwatch.publish.reload import HttpReload, SignalReload

Program = Callable[[str], str]


@dataclass(frozen=True)
class _Box:
    url: str
    rules: Path
    pid: int

    @property
    def groups(self) -> list[dict[str, Any]]:
        return list(get(f"{self.url}/api/v1/rules")["data"]["groups"] or ())

    def publish(self, files: dict[str, bytes], *, signal: bool = False) -> str:
        client = Client(self.url)
        target = prometheus_rules.Target(
            self.rules, client, SignalReload(self.pid) if signal else HttpReload(client), 20
        )
        return prometheus_rules.apply(target, prometheus_rules.plan(target, rule_set.merge(files)))


@pytest.fixture
def box(tmp_path: Path, program: Program) -> Iterator[_Box]:
    """A vmalert that evaluates five times a second, with a VictoriaMetrics, initially without rules."""
    rules, store, port = tmp_path / "rules", f"http://127.0.0.1:{free_port()}", free_port()
    rules.mkdir()
    keeping = [
        program("victoria-metrics"),
        f"-storageDataPath={tmp_path}/data",
        f"-httpListenAddr={store.removeprefix('http://')}",
    ]
    alerting = [
        program("vmalert"),
        f"-rule={rules}/*.yaml",
        f"-datasource.url={store}",
        f"-remoteWrite.url={store}",
        "-notifier.url=http://127.0.0.1:9",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-evaluationInterval=200ms",
    ]
    url = f"http://127.0.0.1:{port}"
    with contextlib.ExitStack() as stack:
        stack.enter_context(running(keeping, tmp_path / "store.log"))
        wait_for(lambda: get(f"{store}/api/v1/query?query=1") is not None, "VictoriaMetrics", 30)
        process = stack.enter_context(running(alerting, tmp_path / "vmalert.log"))
        wait_for(lambda: get(f"{url}/api/v1/rules") is not None, "vmalert", 30)
        yield _Box(url, rules, process.pid)


@pytest.mark.parametrize("signal", [False, True], ids=["http", "signal"])
def test_rules_are_loaded_and_evaluated_when_publish_returns(box: _Box, *, signal: bool) -> None:
    """Rules are live although vmalert answers before it loads, and reports unevaluated rules as healthy."""
    for name in "AB":
        assert box.publish(rule_sets.files(name), signal=signal) == ""
        assert rule_sets.which(box.groups) == name
        rules = [rule for group in box.groups for rule in group["rules"]]
        assert {rule["health"] for rule in rules} == {"ok"}
        assert not [rule["name"] for rule in rules if rule["lastEvaluation"].startswith("0001")]


def test_what_vmalert_refuses_is_taken_back(box: _Box) -> None:
    """Rejected rules are rolled back: vmalert keeps the old ones, answers 200 and reports the error only in its log."""
    box.publish(rule_sets.files("A"))
    rule = {"record": "level:broken:op", "expr": "((("}

    with pytest.raises(PublishError, match=r"(?s)its log says why.*the previous rules are in place again, and"):
        box.publish(rule_sets.files("B", extra=rule))
    assert rule_sets.which(box.groups) == "A"


def test_the_command_brings_the_default_deployment_into_vmalert(box: _Box, program: Program) -> None:
    """The default deployment passes promtool and every rule is evaluated; a rollback removes all of it."""
    program("promtool")
    where = ["--prometheus", box.url, "--rules-dir", str(box.rules)]

    done = CliRunner().invoke(main, ["publish", *where, "--yes"])

    assert done.exit_code == 0, done.output
    assert {rule["health"] for group in box.groups for rule in group["rules"]} == {"ok"}
    assert CliRunner().invoke(main, ["diff", *where]).exit_code == 0
    assert CliRunner().invoke(main, ["rollback", *where, "--yes"]).exit_code == 0
    assert box.groups == []
