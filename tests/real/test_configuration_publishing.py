"""Publishing the configuration of a real Alertmanager and a real blackbox exporter."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support import small
from support.programs import free_port, get, running, wait_for

from boxwatch.cli import main
from boxwatch.errors import PublishError
from boxwatch.publish.configuration import configuration as publishing
from boxwatch.publish.configuration.bundle import Bundle
from boxwatch.publish.configuration.config_store import ConfigStore
from boxwatch.publish.configuration.kinds import ALERTMANAGER, BLACKBOX, Kind
from boxwatch.publish.http import Client
from boxwatch.publish.reload import HttpReload
from boxwatch.rules import catalogue as rules
from boxwatch.stack import alertmanager, probes

Program = Callable[[str], str]

_RECEIVER = """
notifications:
  receivers: {people: {webhook: {url: "http://127.0.0.1:9/"}}}
  critical: people
  warning: people
"""


@dataclass(frozen=True)
class _Rig:
    """Both servers, each with its directory; the current directory has the topology."""

    alertmanager: publishing.Target
    blackbox: publishing.Target

    def run(self, *words: str) -> Result:
        """A command for both servers."""
        where = [
            word
            for target in (self.alertmanager, self.blackbox)
            if target.client
            for option, value in (("", target.client.url), ("-dir", str(target.directory)))
            for word in (f"--{target.kind.option}{option}", value)
        ]
        return CliRunner().invoke(main, [words[0], *where, *words[1:]])

    def receivers(self) -> str:
        """The receivers Alertmanager runs with."""
        assert self.alertmanager.client
        answer: Any = get(f"{self.alertmanager.client.url}/api/v2/status")
        return str(answer["config"]["original"]).partition("receivers:")[2]


def _built() -> dict[str, bytes]:
    return {**alertmanager.files(rules.build(small.topology())), **probes.files(small.topology())}


@pytest.fixture
def rig(tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Rig]:
    """An Alertmanager and a blackbox exporter that run with the output of `boxwatch build`."""
    monkeypatch.chdir(tmp_path)
    small.write(tmp_path)
    for path, content in _built().items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_bytes(content)
    ports = free_port(), free_port()
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    commands = (
        [
            program("prometheus-alertmanager"), f"--config.file={tmp_path}/alertmanager/alertmanager.yml",
            f"--storage.path={tmp_path}/data", "--cluster.listen-address=",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
        ],
        [
            program("prometheus-blackbox-exporter"), f"--config.file={tmp_path}/blackbox/blackbox.yml",
            f"--web.listen-address=127.0.0.1:{ports[1]}",
        ],
    )  # fmt: skip
    with running(commands[0], tmp_path / "alertmanager.log"), running(commands[1], tmp_path / "blackbox.log"):
        wait_for(lambda: get(f"{urls[0]}/api/v2/status"), "Alertmanager", 30)
        wait_for(lambda: _page(f"{urls[1]}/config"), "blackbox exporter", 30)
        yield _Rig(_target(ALERTMANAGER, urls[0], tmp_path), _target(BLACKBOX, urls[1], tmp_path))


def _page(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback only
            return str(answer.read().decode())
    except OSError:
        return ""


def _target(kind: Kind, url: str, root: Path) -> publishing.Target:
    client = Client(url)
    how = HttpReload(client, who=kind.who, contents="configuration", remedy=kind.remedy)
    return publishing.Target(kind, root / kind.option, client, how, 10)


def test_both_are_published_compared_and_rolled_back(rig: _Rig) -> None:
    """A changed topology is a difference; published it is none; rolled back, the built files are there again."""
    topology = Path("topology.yaml")
    topology.write_text(topology.read_text(encoding="utf-8") + _RECEIVER, encoding="utf-8")

    shown = rig.run("diff")
    assert shown.exit_code == 3
    assert "+ alertmanager.yml / people" in shown.stdout
    assert f"{rig.blackbox.directory}/blackbox.yml: 0 added, 0 changed, 0 removed" in shown.stdout
    assert "blackbox.yml was written by `boxwatch build`; publish takes it over" in shown.stderr
    done = rig.run("publish", "--yes")

    assert done.exit_code == 0, done.output
    assert "Done: Alertmanager has loaded its configuration." in done.stdout
    assert "people" in rig.receivers()
    assert rig.run("diff").exit_code == 0
    back = _rollback(rig)
    assert back.exit_code == 0, back.output
    assert "people" not in rig.receivers()
    assert (rig.alertmanager.directory / "alertmanager.yml").read_bytes() == _built()["alertmanager/alertmanager.yml"]


def _rollback(rig: _Rig) -> Result:
    assert rig.alertmanager.client
    where = ["--alertmanager", rig.alertmanager.client.url, "--alertmanager-dir", str(rig.alertmanager.directory)]
    return CliRunner().invoke(main, ["rollback", *where, "--yes"])


def test_a_changed_template_is_a_changed_configuration(rig: _Rig) -> None:
    """Its name says which version is loaded, and the old one is removed once nothing needs it."""
    target, made = rig.alertmanager, _built()
    for text in (b"", b"{{/* one */}}", b"{{/* two */}}", b"{{/* three */}}"):
        files = {**made, "alertmanager/boxwatch.tmpl": made["alertmanager/boxwatch.tmpl"] + text}
        publishing.apply(target, publishing.plan(target, ALERTMANAGER.bundle(files)))

    left = {path.name for path in (target.directory / ".boxwatch-alertmanager" / "templates").iterdir()}
    assert len(left) == 2, "the live template, and the one a rollback needs"
    assert [str(change) for change in publishing.rollback(target).changes] == ["boxwatch.tmpl"]


@pytest.mark.parametrize("kind", [ALERTMANAGER, BLACKBOX], ids=lambda kind: kind.option)
def test_a_rejected_configuration_is_rolled_back(rig: _Rig, kind: Kind) -> None:
    """The error quotes the server, and the previous file is on disk and loaded."""
    target = rig.alertmanager if kind is ALERTMANAGER else rig.blackbox
    before = (target.directory / kind.file).read_bytes()
    broken = Bundle(before + b"nonsense: 1\n")

    with pytest.raises(
        PublishError, match=r"(?s)rejected the configuration \(500\).*previous configuration is in place"
    ):
        publishing.apply(target, publishing.plan(target, broken))

    assert (target.directory / kind.file).read_bytes() == before
    assert not ConfigStore(target.directory, kind).observe().cut_off


@pytest.mark.parametrize("kind", [ALERTMANAGER, BLACKBOX], ids=lambda kind: kind.option)
def test_a_directory_the_server_does_not_read_is_found_before_writing(rig: _Rig, kind: Kind, tmp_path: Path) -> None:
    """Whether it is empty, or has another configuration."""
    target = rig.alertmanager if kind is ALERTMANAGER else rig.blackbox
    other = tmp_path / "other"
    other.mkdir()
    wrong = publishing.Target(kind, other, target.client, target.reload)
    new = kind.bundle(_built())

    with pytest.raises(PublishError, match=rf"{kind.file} does not exist, so it reads another file"):
        publishing.plan(wrong, new)
    texts = {
        ALERTMANAGER: b"route: {receiver: x}\nreceivers: [{name: x}]\n",
        BLACKBOX: b"modules: {x: {prober: icmp}}\n",
    }
    (other / kind.file).write_bytes(kind.header + b"x\n" + texts[kind])
    with pytest.raises(PublishError, match=r"runs with another configuration: .* it reads another file than"):
        publishing.plan(wrong, new)
    assert [path.name for path in other.iterdir()] == [kind.file]


def test_a_configuration_of_ones_own_is_not_replaced(rig: _Rig) -> None:
    """Unless requested; and then a rollback restores it."""
    target = rig.blackbox
    own = b"modules:\n  mine: {prober: icmp, timeout: 5s}\n"
    (target.directory / "blackbox.yml").write_bytes(own)
    target.reload(10)

    refused = rig.run("publish", "--yes")
    assert refused.exit_code == 1
    assert "blackbox.yml was changed manually, or not written by `boxwatch publish`; nothing" in refused.stderr
    assert (target.directory / "blackbox.yml").read_bytes() == own

    assert rig.run("publish", "--yes", "--overwrite-changed").exit_code == 0
    publishing.apply(target, publishing.rollback(target))
    assert (target.directory / "blackbox.yml").read_bytes() == own
    assert target.client
    assert "mine" in _page(f"{target.client.url}/config")


def test_a_published_file_that_was_edited_is_not_replaced(rig: _Rig) -> None:
    """Although it still says that boxwatch generated it; the refusal lists what changed."""
    assert rig.run("publish", "--yes").exit_code == 0
    for target, old, new in ((rig.blackbox, b"9s", b"8s"), (rig.alertmanager, b"5m", b"6m")):
        path = target.directory / target.kind.file
        path.write_bytes(path.read_bytes().replace(old, new, 1))

    refused = rig.run("publish", "--yes")
    assert refused.exit_code == 1
    assert "manually: blackbox.yml / http: timeout 9s → 8s" in refused.stderr
    shown = rig.run("diff")
    assert shown.exit_code == 3
    assert "blackbox.yml / http: timeout 8s → 9s" in shown.stdout
    assert "alertmanager.yml: resolve_timeout 6m → 5m" in shown.stdout
    assert rig.run("publish", "--yes", "--overwrite-changed").exit_code == 0
    assert rig.run("diff").exit_code == 0


def test_json_lists_the_changes_of_each_server(rig: _Rig) -> None:
    """Under the server's name."""
    topology = Path("topology.yaml")
    topology.write_text(topology.read_text(encoding="utf-8") + _RECEIVER, encoding="utf-8")

    said = json.loads(rig.run("publish", "--dry-run", "--json").stdout)

    assert set(said) == {"Alertmanager", "blackbox exporter"}
    added = {"kind": "added", "group": "alertmanager.yml", "rule": "people", "details": []}
    assert added in said["Alertmanager"]["changes"]
    assert (said["Alertmanager"]["done"], said["blackbox exporter"]["needed"]) == (False, True)
