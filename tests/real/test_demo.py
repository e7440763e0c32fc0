"""The demo as users run it: a real Prometheus and Alertmanager, and exactly the expected alerts at a webhook."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.programs import wait_for
from support.rotation import sampled

from boxwatch.simulation import scenarios

# Short enough for an ordinary run.
_SHORT = ("service-down", "postgres-down", "elasticsearch-red", "postgres-connections")


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from boxwatch.commands.launch import main; main()", "demo", *arguments]


def _play(name: str, *arguments: str) -> dict[str, object]:
    command = _command("--once", "--scenario", name, "--json", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    found: dict[str, object] = json.loads(done.stdout) if done.stdout else {"problems": [done.stderr]}
    assert done.returncode == 0, json.dumps(found, indent=2)
    return found


@pytest.mark.parametrize("name", sampled(dict(zip(_SHORT, _SHORT, strict=True)), 1, "short scenarios"))
def test_a_short_incident_is_notified_exactly_and_leaves_its_page(
    program: Callable[[str], str], tmp_path: Path, name: str
) -> None:
    """The expected alert, nothing else, and its resolution; panels drawn from the real Prometheus' answers."""
    program("prometheus")
    path = tmp_path / "page.html"
    found = _play(name, "--history", "1h", "--page", str(path))
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
    assert _play(name, "--history", "6h")["passed"]


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
