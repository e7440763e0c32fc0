"""Each subject is made once for a run, and a command renders only what it reads."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.grafana import TOKEN, grafana
from support.stand_in import beside_commands

from boxwatch.assemble import assemble
from boxwatch.cli import main
from boxwatch.commands.grafana import TOKEN as VARIABLE
from boxwatch.rules import catalogue
from boxwatch.rules.model import Subject
from boxwatch.topology import default
from boxwatch.topology.model import Topology

ONCE = Counter(make.__module__ for make in catalogue.SUBJECTS)
_RENDERERS = ("rule_files", "test_files", "runbook_files", "runbooks")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each subject is made, by the module that makes it."""
    count: Counter[str] = Counter()

    def counted(make: catalogue.Make) -> catalogue.Make:
        def wrapped(topology: Topology) -> Subject | None:
            count[make.__module__] += 1
            return make(topology)

        return wrapped

    monkeypatch.setattr(catalogue, "SUBJECTS", tuple(map(counted, catalogue.SUBJECTS)))
    return count


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The renderers of `rules.catalogue` that run, in their order."""
    seen: list[str] = []
    for name in _RENDERERS:
        renderer = getattr(catalogue, name)

        def noted(*arguments: object, name: str = name, renderer: object = renderer) -> object:
            seen.append(name)
            assert callable(renderer)
            return renderer(*arguments)

        monkeypatch.setattr(catalogue, name, noted)
    return seen


def test_a_build_makes_each_subject_once(made: Counter[str], rendered: list[str]) -> None:
    """Dashboards, runbooks and Alertmanager's configuration are given what the rule files are rendered from."""
    assemble(default.load().topology)

    assert made == ONCE
    assert rendered == ["rule_files", "test_files", "runbook_files"]


def test_publishing_to_several_servers_makes_each_subject_once_and_no_proof(
    made: Counter[str], rendered: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prometheus gets the rules and Grafana the dashboards; neither reads proofs or runbooks."""
    monkeypatch.setenv(VARIABLE, TOKEN)
    with grafana() as boards, beside_commands(tmp_path, monkeypatch) as rules:
        servers = ["--grafana", boards.url, "--prometheus", rules.url, "--rules-dir", "rules"]
        done = CliRunner().invoke(main, ["publish", *servers, "--dry-run"])

    assert done.exit_code == 0, done.output
    assert made == ONCE
    assert rendered == ["rule_files"]


def test_publishing_dashboards_alone_renders_no_rules(
    made: Counter[str], rendered: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thresholds on the panels come from the alerts themselves."""
    monkeypatch.setenv(VARIABLE, TOKEN)
    monkeypatch.chdir(tmp_path)
    with grafana() as boards:
        done = CliRunner().invoke(main, ["publish", "--grafana", boards.url, "--dry-run"])

    assert done.exit_code == 0, done.output
    assert made == ONCE
    assert rendered == []


def test_explain_renders_runbooks_alone(
    made: Counter[str], rendered: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is rendered to print one page."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["explain", "ServiceDown"])

    assert done.exit_code == 0, done.output
    assert made == ONCE
    assert rendered == ["runbooks"]


def test_checking_a_file_renders_rules_alone(
    made: Counter[str], rendered: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the file names may be recorded by the deployment's rules; nothing else of the deployment matters."""
    monkeypatch.chdir(tmp_path)
    Path("extra.yaml").write_text("groups: []\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["check", "extra.yaml"])

    assert done.exit_code == 0, done.output
    assert made == ONCE
    assert rendered == ["rule_files"]
