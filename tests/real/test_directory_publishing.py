"""Publishing configuration and rules to a real Prometheus as one release, with publishers killed at random times."""

from __future__ import annotations

import collections
import contextlib
import os
import random
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support import publisher, releases, rule_sets
from support.programs import free_port, get, running, wait_for

from boxwatch.cli import main
from boxwatch.errors import PublishError
from boxwatch.publish.http import Client
from boxwatch.publish.prometheus import prometheus_directory as publishing
from boxwatch.publish.prometheus.prometheus_rules import Target
from boxwatch.publish.prometheus.release import CONFIG, Release
from boxwatch.publish.prometheus.release_store import ReleaseStore
from boxwatch.publish.reload import HttpReload
from boxwatch.stack import prometheus
from boxwatch.topology import default, load

Program = Callable[[str], str]

# 200 for the full proof, which takes four minutes.
KILLS = int(os.environ.get("BOXWATCH_KILLS", "5"))
_TIMEOUT = 20.0


@dataclass(frozen=True)
class _Box:
    """A running Prometheus and its directory."""

    url: str
    directory: Path
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def target(self) -> Target:
        client = Client(self.url)
        return Target(self.directory, client, HttpReload(client, contents="configuration and rules"), _TIMEOUT)

    def publish(self, release: Release) -> str:
        return publishing.apply(self.target, publishing.plan(self.target, release))

    def config(self) -> str:
        """The set of the loaded configuration."""
        answer = get(f"{self.url}/api/v1/status/config")
        return "" if answer is None else releases.set_of(answer["data"]["yaml"])

    def groups(self) -> list[dict[str, Any]]:
        answer = get(f"{self.url}/api/v1/rules")
        return [] if answer is None else list(answer["data"]["groups"])

    def loaded(self) -> tuple[str, str]:
        """The sets of the loaded configuration and of the loaded rules."""
        return self.config(), rule_sets.which(self.groups())

    def on_disk(self) -> tuple[str, str]:
        """The sets on disk, as a reload would find them."""
        config = (self.directory / CONFIG).read_text(encoding="utf-8")
        rules = self.directory / ".boxwatch/current/rules/boxwatch.yaml"
        name = next(name for name in "ABCD" if releases.release(name).rules == rules.read_bytes())
        return releases.set_of(config), name

    def reload(self) -> int:
        """Status of a reload by someone else."""
        request = urllib.request.Request(f"{self.url}/-/reload", method="POST")  # noqa: S310 - loopback only
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback only
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


@contextlib.contextmanager
def _prometheus(program: Program, tmp_path: Path, config: bytes) -> Iterator[_Box]:
    directory, port, log = tmp_path / "prometheus", free_port(), tmp_path / "prometheus.log"
    directory.mkdir()
    (directory / CONFIG).write_bytes(config)
    command = [
        program("prometheus"),
        f"--config.file={directory / CONFIG}",
        f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-lifecycle",
    ]
    with running(command, log) as process:
        wait_for(lambda: "Server is ready" in log.read_text(encoding="utf-8"), "Prometheus", 30)
        yield _Box(f"http://127.0.0.1:{port}", directory, process, log)


@pytest.fixture
def box(tmp_path: Path, program: Program) -> Iterator[_Box]:
    """A Prometheus that evaluates ten times a second, with a generated configuration and no rules."""
    with _prometheus(program, tmp_path, releases.config("A")) as made:
        yield made


def test_configuration_and_rules_are_loaded_when_publish_returns(box: _Box) -> None:
    """Both are live when publish returns; rollbacks end at the file that was there before."""
    first = publishing.plan(box.target, releases.release("A"))
    assert publishing.apply(box.target, first) == ""
    assert "becomes a link" in first.notes[0]
    assert box.loaded() == ("A", "A")

    assert box.publish(releases.release("B")) == ""
    assert (box.loaded(), box.on_disk()) == (("B", "B"), ("B", "B"))
    assert publishing.plan(box.target, releases.release("B")).needed is False

    publishing.apply(box.target, publishing.rollback(box.target))
    assert (box.loaded(), box.on_disk()) == (("A", "A"), ("A", "A"))


def test_a_rollback_of_the_first_publish_restores_the_file(box: _Box) -> None:
    """The configuration is an ordinary file again, and Prometheus runs with it."""
    box.publish(releases.release("B"))

    publishing.apply(box.target, publishing.rollback(box.target))

    assert (box.directory / CONFIG).read_bytes() == releases.config("A")
    assert not (box.directory / CONFIG).is_symlink()
    assert box.loaded() == ("A", "")


def test_a_reload_during_the_switch_is_rejected_and_changes_nothing(box: _Box) -> None:
    """Prometheus has read the old configuration when the link is renamed, and finds the new rules: it keeps the old."""
    box.publish(releases.release("A"))
    old = (box.directory / CONFIG).read_bytes()
    box.publish(releases.release("B"))
    new = (box.directory / ".boxwatch/current").readlink()
    publishing.apply(box.target, publishing.rollback(box.target))

    # Exactly what such a reload sees: the old configuration under its name, the new release under the link.
    (box.directory / CONFIG).unlink()
    (box.directory / CONFIG).write_bytes(old)
    (box.directory / ".boxwatch/current").unlink()
    (box.directory / ".boxwatch/current").symlink_to(new)

    assert box.reload() == 500
    assert box.loaded() == ("A", "A")
    assert "this_is_another_release" in box.log.read_text(encoding="utf-8")


def test_an_alert_keeps_firing_through_a_publish(box: _Box) -> None:
    """The rule file keeps its path, by which Prometheus recognises a group: an alert does not page twice."""
    alert = {"alert": "Firing", "expr": "vector(1)", "for": "300ms", "labels": {"set": "A"}}
    box.publish(releases.release("A", rule_sets.files("A", extra=alert)))

    def since() -> set[str]:
        rules = [rule for group in box.groups() for rule in group["rules"] if rule["type"] == "alerting"]
        return {one["activeAt"] for rule in rules for one in rule["alerts"] if one["state"] == "firing"}

    before = wait_for(since, "firing alert", 10)
    box.publish(releases.release("B", rule_sets.files("B", extra=alert | {"annotations": {"summary": "New."}})))

    assert since() == before


def test_a_rejected_release_is_rolled_back(box: _Box) -> None:
    """Prometheus applies the configuration even where it rejects the rules; both are restored."""
    box.publish(releases.release("A"))

    with pytest.raises(
        PublishError, match=r"(?s)rejected the configuration and rules \(500\).*previous .* are in place"
    ):
        box.publish(releases.release("B", rule_sets.refused("B")))

    assert (box.loaded(), box.on_disk()) == (("A", "A"), ("A", "A"))


def test_a_release_whose_rules_fail_is_rolled_back(box: _Box) -> None:
    """It loads, and a rule fails at its first evaluation."""
    box.publish(releases.release("A"))

    with pytest.raises(
        PublishError, match=r"(?s)extra / level:broken:op fails: .*previous configuration and rules are in"
    ):
        box.publish(releases.release("B", rule_sets.failing("B")))

    assert (box.loaded(), box.on_disk()) == (("A", "A"), ("A", "A"))


def test_a_directory_prometheus_does_not_read_is_found_before_writing(box: _Box, tmp_path: Path) -> None:
    """Whether it is empty or has another configuration."""
    other = tmp_path / "other"
    other.mkdir()
    target = Target(other, box.target.client, box.target.reload, _TIMEOUT)

    with pytest.raises(
        PublishError, match=r"does not exist, so it reads another directory \(its --config.file is /.*yml"
    ):
        publishing.plan(target, releases.release("A"))
    assert list(other.iterdir()) == []
    (other / CONFIG).write_bytes(releases.config("B"))
    with pytest.raises(PublishError, match=r"global.external_labels.set differs: it reads another directory than"):
        publishing.plan(target, releases.release("A"))
    assert [path.name for path in other.iterdir()] == [CONFIG]


def test_a_server_that_fails_its_own_reload_is_reported_as_that(box: _Box) -> None:
    """Its files were broken before; ours are not to blame, and nothing is written."""
    box.publish(releases.release("A"))
    (box.directory / ".boxwatch/current/rules/boxwatch.yaml").chmod(0o644)
    broken = box.directory / ".boxwatch/current/rules" / next(iter(releases.release("A").guards))
    broken.write_text("nonsense: 1\n", encoding="utf-8")

    with pytest.raises(PublishError, match=r"(?s)rejected the .*Prometheus failed to reload what it has now"):
        box.publish(releases.release("B"))

    assert box.on_disk() == ("A", "A")


def test_the_command_publishes_the_default_deployment(tmp_path: Path, program: Program) -> None:
    """The output of `boxwatch build` becomes a release; diff finds nothing more, and a rollback restores the files."""
    program("promtool")
    topology = tmp_path / "topology.yaml"
    default.write(topology)
    # Evaluated more often, so that the test is over sooner.
    topology.write_text(
        topology.read_text(encoding="utf-8").replace("interval: 30s", "interval: 10s"), encoding="utf-8"
    )
    built = prometheus.files(load.load(topology).topology)["prometheus/prometheus.yml"]
    with _prometheus(program, tmp_path, built) as box:
        server = ["--prometheus", box.url, "--prometheus-dir", str(box.directory)]
        where = [str(topology), *server]
        run = CliRunner().invoke

        assert run(main, ["diff", *where]).exit_code == 3
        done = run(main, ["publish", *where, "--yes"])

        assert done.exit_code == 0, done.output
        assert "Done: Prometheus has loaded configuration and rules." in done.stdout
        assert {rule["health"] for group in box.groups() for rule in group["rules"]} == {"ok"}
        assert run(main, ["diff", *where]).exit_code == 0
        assert run(main, ["rollback", *server, "--yes"]).exit_code == 0
        assert box.groups() == []
        assert (box.directory / CONFIG).read_bytes() == built


@dataclass
class _Witness:
    """Continuously compares the loaded configuration with the loaded rules, and triggers reloads at random times."""

    box: _Box
    seen: collections.Counter[str] = field(default_factory=collections.Counter)
    wrong: list[str] = field(default_factory=list)
    reloads: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        while not self.over.is_set():
            self.seen[self._pair()] += 1
            time.sleep(0.001)

    def _pair(self) -> str:
        """The loaded set. A reload applies the configuration some milliseconds before the rules, so look again."""
        for _ in range(40):
            before, rules, after = self.box.config(), rule_sets.which(self.box.groups()), self.box.config()
            if before == rules == after:
                return rules
            self.seen["in a reload"] += 1
            time.sleep(0.025)
        self.wrong.append(f"configuration {after}, rules {rules}")
        return "mixed"

    def disturb(self) -> None:
        chance = random.Random(5)  # noqa: S311 - moments
        while not self.over.wait(chance.uniform(0.005, 0.05)):
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


def test_killed_at_any_moment_configuration_and_rules_belong_together(
    box: _Box, record_property: Callable[[str, object], None]
) -> None:
    """On disk and in Prometheus, despite reloads by others; and the next publish converges."""
    chance = random.Random(int(os.environ.get("BOXWATCH_SEED", "1")))  # noqa: S311 - moments
    box.publish(releases.release("A"))
    begin = time.monotonic()
    box.publish(releases.release("B"))
    usual = time.monotonic() - begin
    moments: collections.Counter[str] = collections.Counter()
    witness = _Witness(box)

    with witness.watching():
        kills = 0
        while kills < KILLS:
            # Half of them early, where the files are written; the rest while Prometheus loads and is read.
            after = chance.uniform(0, chance.choice([0.05, 2 * usual]))
            before = box.on_disk()
            dead = publisher.killed(box.target, chance.choice("ABCD"), "release", after)
            kills += dead
            now = box.on_disk()
            assert now[0] == now[1], "mixed on disk"
            under_way = "under way" if ReleaseStore(box.directory).observe().cut_off else "at rest"
            moments[f"{'killed' if dead else 'ended'}, {under_way}, {'new' if now != before else 'old'}"] += 1
            if chance.random() < 0.3:
                name = chance.choice("ABCD")
                with contextlib.suppress(PublishError):
                    box.publish(releases.release(name))
        for name in "AB":
            wait_for(lambda name=name: _published(box, name), f"publish of {name} despite other reloads", 60)  # type: ignore[misc]

    assert (box.loaded(), box.on_disk()) == (("B", "B"), ("B", "B"))
    assert ReleaseStore(box.directory).observe().cut_off is False
    left = {path.name for path in (box.directory / ".boxwatch").iterdir()}
    assert left == {"current", "lock", "releases", "sets", "state.json"}
    figures = f"{kills} kills in {dict(moments)}; a publish takes {usual:.2f} s; looks {dict(witness.seen)}; "
    rejected = box.log.read_text(encoding="utf-8").count("this_is_another_release")
    figures += f"{witness.reloads} reloads by others, {rejected} of them rejected by a guard"
    record_property("figures", figures)
    print(figures)  # noqa: T201 - shown by pytest -s, to be quoted
    assert witness.wrong == []
    assert {"A", "B"} <= set(witness.seen)


def _published(box: _Box, name: str) -> bool:
    try:
        box.publish(releases.release(name))
    except PublishError:
        return False
    return True
