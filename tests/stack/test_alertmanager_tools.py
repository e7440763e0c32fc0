"""amtool and amlint accept the configuration, for any number of servers."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support.alertmanager_files import alerts_of
from support.notified import Labels, everything, plain, said, wanted
from support.topologies import a_server, a_service

from boxwatch.checks import catalogue
from boxwatch.checks.alertmanager import alertmanager_file, amtool
from boxwatch.rules import catalogue as rules
from boxwatch.stack import alertmanager
from boxwatch.topology.model import Topology

Program = Callable[[str], str]


def test_amtool_agrees_about_the_routes(program: Program, tmp_path: Path) -> None:
    """Tries one alert for each route, and each alert that a route matches by name."""
    file = tmp_path / "alertmanager.yml"
    file.write_bytes(plain())
    (tmp_path / "boxwatch.tmpl").write_bytes(alertmanager.files(rules.build(said()))[alertmanager.TEMPLATE])
    tool = program("amtool")
    ways: dict[tuple[str, str], Labels] = {}
    for alert, labels in everything():
        ways.setdefault((alert.alert, wanted(labels)), {"service": "", "server": "main"} | labels)
    for (_, receiver), labels in ways.items():
        pairs = [f"{key}={labels[key]}" for key in ("alertname", "severity", "server", "service") if labels.get(key)]
        command = [tool, "config", "routes", "test", f"--config.file={file}", f"--verify.receivers={receiver}", *pairs]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{pairs}: {done.stdout}{done.stderr}"


def _with_servers(count: int) -> Topology:
    """The complete deployment with more servers, each with its own database and application."""
    more = [f"s{number}" for number in range(1, count)]
    base = said()
    return base.model_copy(
        update={
            "servers": (*base.servers, *(a_server(name, address=f"10.0.0.{i}") for i, name in enumerate(more, 1))),
            "services": (
                *base.services,
                *(a_service(f"{kind}-{name}", kind=kind, server=name) for name in more for kind in ("web", "redis")),
            ),
        }
    )


@functools.cache
def _built(count: int) -> Mapping[str, bytes]:
    """The Alertmanager configuration and the rules of that deployment."""
    built = rules.build(_with_servers(count))
    return {**alertmanager.files(built), **rules.rule_files(built)}


@pytest.mark.repeats
@pytest.mark.parametrize("servers", [1, 3, 20])
def test_amtool_accepts_it_for_any_number_of_servers(servers: int, program: Program, tmp_path: Path) -> None:
    """The checks pass, and alerts of the last server reach the same receivers."""
    files = _built(servers)
    file = alertmanager_file.read(alertmanager.PATH, files[alertmanager.PATH])
    assert list(amtool.check(files, program("amtool"))) == []
    assert [each for module in catalogue.ALERTMANAGER_CHECKS for each in module.check(file, alerts_of(files))] == []
    written = tmp_path / "alertmanager.yml"
    written.write_bytes(files[alertmanager.PATH])
    last = _with_servers(servers).servers[-1].name
    for severity, receiver in (("critical", "night"), ("warning", "office"), ("info", "blackhole")):
        told = ["alertname=ServiceDown", f"severity={severity}", f"server={last}", "service=web"]
        command = [program("amtool"), "config", "routes", "test", f"--config.file={written}"]
        done = subprocess.run([*command, f"--verify.receivers={receiver}", *told], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


@pytest.mark.parametrize("servers", [1, 3, 20])
def test_amlint_finds_nothing(servers: int, tmp_path: Path) -> None:
    """It reads the rules too, so it knows every alert. Alerts that reach nobody have a route of their own."""
    for path, content in _built(servers).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    command = [sys.executable, "-c", "from amlint.cli import main; raise SystemExit(main())"]
    command += ["check", "--strict", "--format=json"]
    command += ["--rules", str(tmp_path / "prometheus/rules/*.yaml"), str(tmp_path / alertmanager.PATH)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert [(one["level"], one["code"], one["where"]) for one in json.loads(done.stdout)] == [
        ("info", "empty-receiver", "receivers[blackhole]")
    ]
