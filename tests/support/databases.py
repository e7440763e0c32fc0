"""PostgreSQL and Redis on loopback, to be stopped, filled and restarted, and the paths of their programs."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.programs import running, wait_for

_TOOLS = Path(__file__).parents[2] / ".tools" / "usr"
# Where libraries are that were unpacked beside the programs.
LIBRARIES = {"LD_LIBRARY_PATH": os.pathsep.join(map(str, (_TOOLS / "lib").glob("*-linux-*")))}
# What Debian puts first in the directory of PostgreSQL's programs.
_POSTGRES = ("/usr/lib/postgresql", str(_TOOLS / "lib" / "postgresql"))

Program = Callable[[str], str]


def postgres_program(name: str, program: Program) -> str:
    """Path of one of PostgreSQL's programs; all are of the same version."""
    for root in _POSTGRES:
        found = sorted(Path(root).glob(f"*/bin/{name}"))
        if found:
            return str(found[-1])
    return program(name)


def _unprivileged() -> str | None:
    """User to run PostgreSQL as, which refuses to run as root; None if the tests do not run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    pytest.fail("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody: add one")


@dataclass
class Engine:
    """A program that can be stopped and started.

    Attributes:
        start: context manager that runs it.
        answers: whether it is responding.
    """

    start: Callable[[], contextlib.AbstractContextManager[object]]
    answers: Callable[[], bool]
    _running: contextlib.ExitStack | None = field(default=None)

    def up(self) -> None:
        """Start it and wait until it responds."""
        stack = contextlib.ExitStack()
        stack.enter_context(self.start())
        self._running = stack
        wait_for(self.answers, "answer of a database", 60)

    def down(self) -> None:
        """Stop it if it is running."""
        if self._running is not None:
            self._running.close()
            self._running = None


@contextlib.contextmanager
def postgres(program: Program, port: int, log: Path) -> Iterator[Engine]:
    """A new PostgreSQL of the distribution's version, which accepts every loopback connection."""
    user = _unprivileged()
    # Not pytest's folder, which another user cannot enter.
    with tempfile.TemporaryDirectory(prefix="boxwatch-postgres-") as folder:
        if user is not None:
            shutil.chown(folder, user)
        data = f"{folder}/data"
        initialise = [postgres_program("initdb", program), "-D", data, "-U", "postgres", "-A", "trust", "-N"]
        subprocess.run(initialise, check=True, capture_output=True, cwd=folder, user=user, env=os.environ | LIBRARIES)
        settings = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": "", "fsync": "off"}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        command = [postgres_program("postgres", program), "-D", data, *options]
        engine = Engine(start=lambda: running(command, log, env=LIBRARIES, user=user), answers=lambda: _listens(port))
        try:
            engine.up()
            yield engine
        finally:
            engine.down()


@contextlib.contextmanager
def redis(program: Program, port: int, maxmemory: int, log: Path) -> Iterator[Engine]:
    """A Redis without persistence and with the noeviction policy."""
    settings = {
        "bind": "127.0.0.1", "port": str(port), "save": "", "appendonly": "no",
        "maxmemory": str(maxmemory), "maxmemory-policy": "noeviction", "dir": tempfile.gettempdir(),
    }  # fmt: skip
    options = [word for key, value in settings.items() for word in (f"--{key}", value)]
    engine = Engine(
        start=lambda: running([program("redis-server"), *options], log, env=LIBRARIES),
        answers=lambda: _listens(port),
    )
    try:
        engine.up()
        yield engine
    finally:
        engine.down()


def ask_redis(port: int, *commands: str) -> list[str]:
    """Send commands one after another; return the first line of each reply."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection, connection.makefile("rb") as answers:
        found = []
        for command in commands:
            connection.sendall(f"{command}\r\n".encode())
            found.append(answers.readline().decode().strip())
        return found


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
