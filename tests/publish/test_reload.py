"""A signal reaches Prometheus and no other process."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.programs import wait_for

from boxwatch.errors import PublishError
from boxwatch.publish.reload import ExternalReload, SignalReload


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process named prometheus that terminates on SIGHUP."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    shutil.copy(sleep, tmp_path / "prometheus")
    # Under nohup, tests inherit an ignored SIGHUP.
    with subprocess.Popen(["env", "--default-signal=HUP", tmp_path / "prometheus", "60"]) as process:
        comm = Path(f"/proc/{process.pid}/comm")
        wait_for(lambda: comm.read_text(encoding="ascii").startswith("prometheus"), "new name", 10)
        yield process
        process.kill()


@pytest.mark.parametrize("by_file", [False, True], ids=["number", "file"])
def test_prometheus_gets_the_signal(sleeper: subprocess.Popen[bytes], tmp_path: Path, *, by_file: bool) -> None:
    """The process is given by id or by pid file."""
    (tmp_path / "pid").write_text(f"{sleeper.pid}\n", encoding="ascii")

    SignalReload(tmp_path / "pid" if by_file else sleeper.pid)(1)

    assert sleeper.wait(5) == -1


def test_other_processes_are_not_signalled(tmp_path: Path) -> None:
    """It would most likely terminate."""
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "comm").write_text("postgres\n", encoding="ascii")

    with pytest.raises(PublishError, match="process 7 is postgres, not Prometheus; it was not signalled"):
        SignalReload(7, tmp_path)(1)


def test_a_missing_process_is_reported(tmp_path: Path) -> None:
    """As after a restart."""
    with pytest.raises(PublishError, match="process 7 does not exist"):
        SignalReload(7, tmp_path)(1)


def test_a_process_that_may_not_be_signalled_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for another user's process."""
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "comm").write_text("prometheus\n", encoding="ascii")

    def refuse(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "kill", refuse)
    with pytest.raises(PublishError, match="process 7 could not be signalled: Operation not permitted"):
        SignalReload(7, tmp_path)(1)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"0", "contains no process id"), (b"-1", "contains no process id"), (b"", "no process"), (b"\xff", "be read")],
)
def test_a_file_without_a_process_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    """0 and -1 would address whole process groups."""
    (tmp_path / "pid").write_bytes(content)

    with pytest.raises(PublishError, match=said):
        SignalReload(tmp_path / "pid")(1)


def test_a_missing_pid_file_is_reported(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(PublishError, match=r"pid cannot be read: No such file or directory"):
        SignalReload(tmp_path / "pid")(1)


def test_an_external_reload_does_nothing() -> None:
    """The rules are not loaded when the call returns."""
    reload = ExternalReload()
    reload(1)

    assert reload.waits is False
