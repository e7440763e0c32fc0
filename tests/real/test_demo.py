"""The demo as users run it: a real Prometheus and Alertmanager, and exactly the expected alerts at a webhook."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from support.programs import wait_for
from support.rotation import sampled

from boxwatch.cli import main
from boxwatch.commands import demo
from boxwatch.simulation import scenario, scenarios

_BRIEF = scenario.Scenario("brief", "Nothing happens.", ends=120, what=((5, "web is deployed"),))
# Short enough for an ordinary run.
_SHORT = ("service-down", "postgres-down", "elasticsearch-red", "postgres-connections")


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from boxwatch.commands.launch import main; main()", "demo", *arguments]


def _play(name: str, *arguments: str) -> dict[str, object]:
    """Play a scenario in this process, and return its verdict."""
    result = CliRunner().invoke(main, ["demo", "--once", "--scenario", name, "--json", *arguments])
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("name", sampled(dict(zip(_SHORT, _SHORT, strict=True)), 1, "short scenarios"))
def test_a_short_incident_is_notified_exactly_and_leaves_its_page(
    program: Callable[[str], str], tmp_path: Path, name: str
) -> None:
    """The expected alert, nothing else, and its resolution; panels drawn from the real Prometheus' answers."""
    program("prometheus")
    path = tmp_path / "page.html"
    found = _play(name, "--history", "1h", "--speed", "20", "--page", str(path))
    text = path.read_text(encoding="utf-8")

    assert found["passed"]
    assert found["notifications"]
    assert "no data" not in text
    assert text.count("<polygon") > 10
    assert re.search(r">web</text>", text)


@pytest.mark.thorough
@pytest.mark.parametrize("name", [name for name in scenarios.NAMES if name not in _SHORT])
def test_every_incident_is_notified_exactly(program: Callable[[str], str], name: str) -> None:
    """Exactly the expected alerts, and no alert in calm and deploys."""
    program("prometheus")
    assert _play(name, "--history", "6h", "--speed", "30")["passed"]


def test_a_played_scenario_is_told_as_it_happens_and_runs_on(
    program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where to look, what happens, what is notified; then until Ctrl-C."""
    program("prometheus")
    monkeypatch.setattr(demo, "time", SimpleNamespace(sleep=_interrupted))
    monkeypatch.setattr(scenarios, "scenario", lambda _name, _topology: _BRIEF)
    path = tmp_path / "page.svg"
    result = CliRunner().invoke(
        main, ["demo", "--scenario", "brief", "--speed", "60", "--history", "0s", "--page", str(path)]
    )

    assert result.exit_code == 130
    assert re.search(r"  Prometheus    http://127\.0\.0\.1:\d+\n", result.stdout)
    assert "0.1 min  web is deployed" in result.stdout
    assert "brief: no alert arrived, as it should be" in result.stdout
    assert path.read_text(encoding="utf-8").startswith("<svg")


def test_an_unexpected_verdict_has_an_exit_code_of_its_own(
    program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """3, as for differences; with every problem."""
    program("prometheus")
    expected = scenario.Expected("ServiceDown", "web", "critical")
    monkeypatch.setattr(scenarios, "scenario", lambda _name, _topology: replace(_BRIEF, expects=(expected,)))
    result = CliRunner().invoke(main, ["demo", "--once", "--speed", "60", "--history", "0s"])

    assert result.exit_code == 3
    assert "brief: not notified: ServiceDown (critical) of web" in result.stderr


def _interrupted(_seconds: float) -> None:
    raise KeyboardInterrupt


def test_an_interrupt_ends_everything(program: Callable[[str], str], tmp_path: Path) -> None:
    """Exit code 130; no program and no file remains."""
    program("prometheus")
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(_command("--history", "0s"), stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        heard = ""
        while "Ctrl-C ends everything" not in heard:
            line = process.stdout.readline()
            assert line, f"the demo ended by itself: {heard}"
            heard += line
        assert _programs(tmp_path)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130

    assert wait_for(lambda: not _programs(tmp_path), "end of every program", 10)
    assert not list(tmp_path.iterdir())


def _programs(directory: Path) -> list[str]:
    """Running programs that were started with this directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes()
        except OSError:
            continue
        if str(directory).encode() in text:
            found.append(text.decode())
    return found
