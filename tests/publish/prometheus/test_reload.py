"""A signal reaches Prometheus and nobody else."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.programs import wait_for

from boxwatch.errors import PublishError
from boxwatch.publish.prometheus.reload import ExternalReload, SignalReload


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is called prometheus, and that a hang-up ends."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    shutil.copy(sleep, tmp_path / "prometheus")
    # Whoever runs the tests under nohup hands down that hang-ups are ignored.
    with subprocess.Popen(["env", "--default-signal=HUP", tmp_path / "prometheus", "60"]) as process:
        comm = Path(f"/proc/{process.pid}/comm")
        wait_for(lambda: comm.read_text(encoding="ascii").startswith("prometheus"), "new name", 10)
        yield process
        process.kill()


@pytest.mark.parametrize("by_file", [False, True], ids=["number", "file"])
def test_prometheus_gets_the_signal(sleeper: subprocess.Popen[bytes], tmp_path: Path, *, by_file: bool) -> None:
    """By its number, or by the file that holds it."""
    (tmp_path / "pid").write_text(f"{sleeper.pid}\n", encoding="ascii")

    SignalReload(tmp_path / "pid" if by_file else sleeper.pid)(1)

    assert sleeper.wait(5) == -1


def test_another_process_gets_none(tmp_path: Path) -> None:
    """It would most likely end."""
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "comm").write_text("postgres\n", encoding="ascii")

    with pytest.raises(PublishError, match="process 7 is postgres and not Prometheus, so it was not signalled"):
        SignalReload(7, tmp_path)(1)


def test_a_process_that_is_not_there_is_said(tmp_path: Path) -> None:
    """As after a restart."""
    with pytest.raises(PublishError, match="there is no process 7 to signal"):
        SignalReload(7, tmp_path)(1)


def test_a_process_that_may_not_be_signalled_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another user's."""
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "comm").write_text("prometheus\n", encoding="ascii")

    def refuse(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "kill", refuse)
    with pytest.raises(PublishError, match="process 7 could not be signalled: Operation not permitted"):
        SignalReload(7, tmp_path)(1)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"0", "holds no process number"), (b"-1", "holds no process number"), (b"", "no process"), (b"\xff", "be read")],
)
def test_a_file_without_a_process_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    """0 and -1 would mean whole groups of processes."""
    (tmp_path / "pid").write_bytes(content)

    with pytest.raises(PublishError, match=said):
        SignalReload(tmp_path / "pid")(1)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """With its place."""
    with pytest.raises(PublishError, match=r"pid cannot be read: No such file or directory"):
        SignalReload(tmp_path / "pid")(1)


def test_when_others_reload_nothing_is_done() -> None:
    """And it is not loaded when that returns."""
    reload = ExternalReload()
    reload(1)

    assert reload.waits is False
