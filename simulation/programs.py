"""The real programs: found on the PATH or where `make tools` unpacks them, started on free ports, and always ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from boxwatch.errors import ToolError
from boxwatch.simulation.loopback import HOST

# Program → its names, Debian's last, and how to get it.
_NAMES: Final = {
    "prometheus": ("prometheus",),
    "promtool": ("promtool",),
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),
}
_PACKAGE: Final = {"prometheus": "prometheus", "promtool": "prometheus", "alertmanager": "prometheus-alertmanager"}
_STARTUP: Final = 30.0
_ENDING: Final = 10.0


def find(name: str) -> str:
    """The path of a program.

    Raises:
        ToolError: it is not installed.
    """
    for candidate in _NAMES[name]:
        if path := shutil.which(candidate):
            return path
    package = _PACKAGE[name]
    raise ToolError(
        f"{name} is not on the PATH: install it (Debian and Ubuntu: apt-get install {package}; "
        f"elsewhere: https://prometheus.io/download), or run `make tools` in a checkout and add .tools/usr/bin to PATH"
    )


def free_port() -> int:
    """A free port on loopback."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], log: Path, ready: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for the duration of the block, from the moment at which its URL answers.

    It has a session of its own, so that Ctrl-C reaches only us, and we end it in order.

    Raises:
        ToolError: it ended or did not answer; with the last line of its log.
    """
    # A program that was unpacked instead of installed finds its files relative to where it was unpacked.
    unpacked = (above for above in Path(command[0]).parents if ".tools" in above.parts and (above / "usr").is_dir())
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - a program that `find` found, with arguments of ours
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=next(unpacked, None),
            start_new_session=True,
        )  # fmt: skip
    try:
        wait_for(lambda: answers(ready), f"{Path(command[0]).name} to answer", log, process)
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program: ask, then insist."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def answers(url: str) -> bool:
    """Whether a URL on loopback answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - loopback only
            return int(answer.status) < 300  # noqa: PLR2004 - HTTP
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def wait_for(there: Callable[[], bool], what: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until something holds.

    Raises:
        ToolError: the program ended, or it took too long.
    """
    until = time.monotonic() + _STARTUP
    while not there():
        if process.poll() is not None or time.monotonic() > until:
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            last = lines[-1] if lines else "it logged nothing"
            why = f"it ended with code {process.returncode}" if process.poll() is not None else "it did not answer"
            raise ToolError(f"waited for {what}, but {why}: {last}")
        time.sleep(0.05)
