"""Programs of the demo are awaited, ended, and blamed with their own words; its HTTP server is loopback's."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from boxwatch.errors import ToolError
from boxwatch.simulation import programs
from boxwatch.simulation.api import Api
from boxwatch.simulation.loopback import Loopback

_STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
)


def _log(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_a_program_that_ends_at_once_is_an_error_with_its_last_line(tmp_path: Path) -> None:
    """The line says more than its exit code."""
    command = [sys.executable, "-c", "import sys; print('bad flag'); sys.exit(3)"]

    with (
        pytest.raises(ToolError, match="to answer, but it ended with code 3: bad flag"),
        programs.running(command, tmp_path / "log", "http://127.0.0.1:1/"),
    ):
        pytest.fail("it runs although it ended")


def test_a_program_that_never_answers_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is ended."""
    monkeypatch.setattr(programs, "_STARTUP", 0.3)
    command = [sys.executable, "-c", "import time; time.sleep(60)"]

    with (
        pytest.raises(ToolError, match="it did not answer: it logged nothing"),
        programs.running(command, tmp_path / "log", "http://127.0.0.1:1/"),
    ):
        pytest.fail("it runs although it does not answer")


def test_a_program_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the demo remains."""
    monkeypatch.setattr(programs, "_ENDING", 0.2)
    server = Loopback()
    server.answer = lambda path: "yes" if path == "/" else None
    log = tmp_path / "log"
    with (
        server.serve(),
        programs.running([sys.executable, "-c", _STUBBORN], log, f"http://{server.address}/") as process,
    ):
        until = time.monotonic() + 10
        while "on" not in _log(log):
            assert time.monotonic() < until
            time.sleep(0.02)

    assert process.returncode == -9


def test_pages_are_served_and_notifications_taken() -> None:
    """A target that does not answer is 503; anything else that is sent is refused."""
    server = Loopback()
    received: list[dict[str, Any]] = []
    server.answer = lambda path: "up 1\n" if path == "/node/0/metrics" else None
    server.receive = received.append
    with server.serve():
        url = f"http://{server.address}"
        with urllib.request.urlopen(f"{url}/node/0/metrics", timeout=5) as answer:  # noqa: S310 - loopback
            assert answer.read() == b"up 1\n"
        assert not programs.answers(f"{url}/other")
        body = json.dumps({"alerts": []}).encode()
        urllib.request.urlopen(f"{url}/notify/critical", body, timeout=5).close()  # noqa: S310 - loopback
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{url}/elsewhere", body, timeout=5)  # noqa: S310 - loopback

    assert received == [{"alerts": []}]


def test_a_question_that_is_refused_is_an_error_with_the_reason() -> None:
    """Also one that nobody hears."""
    server = Loopback()
    server.answer = lambda _: '{"data": {"groups": []}}'
    with server.serve():
        assert Api(f"http://{server.address}").get("rules") == {"groups": []}
        with pytest.raises(ToolError, match="refused up: Not Found"):
            Api(f"http://{server.address}").instant("up", 0)
    with pytest.raises(ToolError, match="the demo's Prometheus does not answer"):
        Api("http://127.0.0.1:1").instant("up", 0)
