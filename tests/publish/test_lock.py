"""One publisher at a time; and renames survive a power cut."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
from pathlib import Path
from typing import Never

import pytest

from boxwatch.errors import PublishError
from boxwatch.publish import atomic, lock


def test_a_directory_is_synced_or_the_error_is_reported(tmp_path: Path) -> None:
    """A rename that is not synced is lost in a power cut."""
    atomic.sync(tmp_path)
    with pytest.raises(OSError, match="No such file"):
        atomic.sync(tmp_path / "none")


def test_a_lock_that_cannot_be_opened_is_reported(tmp_path: Path) -> None:
    """The error names the path."""
    with pytest.raises(PublishError, match="cannot be opened: Is a directory"), lock.held(tmp_path):
        pass


def test_a_lock_that_the_disk_does_not_have_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network file systems have no locks."""

    def none(*_: int) -> Never:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    with pytest.raises(PublishError, match="cannot be locked: No locks available"), lock.held(tmp_path / "lock"):
        pass


def test_a_lock_is_free_when_its_holder_was_killed(tmp_path: Path) -> None:
    """The kernel releases the lock."""
    ready, say = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        with lock.held(tmp_path / "lock"):
            os.write(say, b"x")
            signal.pause()
    os.read(ready, 1)
    os.close(ready)
    os.close(say)
    with pytest.raises(PublishError, match=rf"process {child} on"), lock.held(tmp_path / "lock"):
        pass

    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    with lock.held(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text(encoding="utf-8").startswith(f"process {os.getpid()} on")
