"""`boxwatch notify test` through a real Alertmanager, of the distribution and of others that are there."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.programs import free_port, get, running, wait_for
from support.webhook import Webhook, webhook

from boxwatch.cli import main

_TOOLS = Path(__file__).parents[2] / ".tools" / "promtools"
_OTHERS = sorted(map(str, _TOOLS.glob("*/usr/bin/prometheus-alertmanager")))
_TOPOLOGY = """name: mvp
servers: {{main: {{cpus: 8, memory: 32g, disk: 500GB}}}}
services: {{web: {{kind: web, server: main, memory: 1g}}}}
notifications:
  receivers:
    good: {{webhook: {{url: "{good}"}}}}
    refuses: {{webhook: {{url: "{refuses}"}}}}
    down: {{webhook: {{url: "http://127.0.0.1:{nobody}/"}}, slack: {{url_file: /nonexistent}}}}
  critical: [good, refuses]
  warning: down
  watchdog: good
"""


@dataclass
class Rig:
    """An Alertmanager with the generated configuration.

    Attributes:
        url: its URL.
        topology: the topology's file.
        good: a receiver that accepts notifications.
        refuses: one that rejects them.
    """

    url: str
    topology: Path
    good: Webhook
    refuses: Webhook

    def test(self, *arguments: str) -> Result:
        """Run the command."""
        return CliRunner().invoke(main, ["notify", "test", str(self.topology), "--alertmanager", self.url, *arguments])


# A minute each, most of it waiting, and the counters have the same names in all versions.
_VERSIONS = ("prometheus-alertmanager", *(pytest.param(path, marks=pytest.mark.thorough) for path in _OTHERS))


@pytest.fixture(scope="module", params=_VERSIONS, ids=lambda path: path.split("/")[-4:][0])
def rig(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]
) -> Iterator[Rig]:
    """Each Alertmanager, for the module's tests."""
    tmp, port = tmp_path_factory.mktemp("notify"), free_port()
    tool = request.param if "/" in request.param else program(request.param)
    with contextlib.ExitStack() as stack:
        good, refuses = stack.enter_context(webhook()), stack.enter_context(webhook(403))
        topology = tmp / "topology.yaml"
        said = _TOPOLOGY.format(good=good.url, refuses=refuses.url, nobody=free_port())
        topology.write_text(said, encoding="utf-8")
        built = CliRunner().invoke(main, ["build", str(topology), "--out", str(tmp / "built")])
        assert built.exit_code == 0, built.output
        command = [
            tool, f"--config.file={tmp}/built/alertmanager/alertmanager.yml", f"--storage.path={tmp}/data",
            "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}",
        ]  # fmt: skip
        stack.enter_context(running(command, tmp / "log"))
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: get(f"{url}/api/v2/status"), "Alertmanager")
        yield Rig(url, topology, good, refuses)


def _rows(done: Result) -> dict[tuple[str, str], dict[str, Any]]:
    return {(one["receiver"], one["integration"]): one for one in json.loads(done.stdout)["receivers"]}


def test_each_receiver_gets_one_marked_alert_and_its_result_is_told(rig: Rig) -> None:
    """One works, one rejects it, one is down; and no alert is left."""
    before = len(rig.good.alerts)

    done = rig.test("--json")

    rows = _rows(done)
    assert done.exit_code == 1, done.output
    assert {key: row["result"] for key, row in rows.items()} == {
        ("good", "webhook"): "delivered",
        ("refuses", "webhook"): "failed",
        ("down", "webhook"): "failed",
        ("down", "slack"): "failed",
        ("good (watchdog)", "webhook"): "delivered",
    }
    assert json.loads(done.stdout)["resolved"]
    assert get(f"{rig.url}/api/v2/alerts") == []
    firing = [alert for alert in rig.good.alerts[before:] if alert["status"] == "firing"]
    assert [alert["labels"]["boxwatch_test_receiver"] for alert in firing] == ["good", "good/heartbeat"]
    assert {alert["annotations"]["summary"] for alert in firing} == {
        "This is a test of notifications. Nothing is wrong."
    }
    rig.good.wait("BoxwatchNotificationTest", "resolved", before, boxwatch_test_receiver="good")


def test_the_table_says_the_same_to_people(rig: Rig) -> None:
    """A line for each integration, as soon as it is known; 0 if all were delivered."""
    done = rig.test("--receiver", "good")

    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["RECEIVER", "INTEGRATION", "RESULT"]
    assert lines[1].startswith("good             webhook      delivered")
    assert lines[2].startswith("good (watchdog)  webhook      delivered")
    assert lines[3] == "2 delivered. The test alerts are resolved."


@pytest.mark.thorough
def test_the_table_says_which_receiver_failed(rig: Rig) -> None:
    """Alertmanager rests half a minute after the failures of another test, and `notify test` waits for it."""
    failed = rig.test("--receiver", "refuses")
    assert failed.exit_code == 1
    assert "refuses   webhook      failed: " in failed.stdout
    assert failed.stdout.endswith("1 failed. The test alerts are resolved.\n")


def test_a_configuration_without_routes_for_tests_sends_nothing(rig: Rig, tmp_path: Path) -> None:
    """Somebody else's, or one that is older than the topology: the alert would reach whoever gets the rest."""
    topology = tmp_path / "topology.yaml"
    text = rig.topology.read_text(encoding="utf-8").replace("refuses", "another")
    topology.write_text(text, encoding="utf-8")
    before = len(rig.good.alerts)

    done = CliRunner().invoke(
        main, ["notify", "test", str(topology), "--alertmanager", rig.url, "--receiver", "another"]
    )

    assert done.exit_code == 1
    assert "not published: the live configuration has no route for its tests: publish alertmanager.yml" in done.stdout
    assert len(rig.good.alerts) == before


def test_what_cannot_be_tested_is_a_usage_error(rig: Rig, tmp_path: Path) -> None:
    """An unknown receiver, or a topology that notifies nobody; an Alertmanager that does not answer is a failure."""
    unknown = rig.test("--receiver", "goood")
    assert (unknown.exit_code, "did you mean `good`?" in unknown.stderr) == (2, True)
    assert "there are down, good and refuses" in rig.test("--receiver", "x").stderr
    silent = tmp_path / "topology.yaml"
    silent.write_text(rig.topology.read_text(encoding="utf-8").partition("notifications")[0], encoding="utf-8")
    nobody = CliRunner().invoke(main, ["notify", "test", str(silent), "--alertmanager", rig.url])
    assert (nobody.exit_code, "notifications: is missing, so there is nobody to notify" in nobody.stderr) == (2, True)
    away = f"http://127.0.0.1:{free_port()}"
    gone = CliRunner().invoke(main, ["notify", "test", str(rig.topology), "--alertmanager", away, "--timeout", "1"])
    assert (gone.exit_code, "Traceback" in gone.output) == (1, False)
