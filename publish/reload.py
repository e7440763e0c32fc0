"""Reloading a server: over HTTP, by signal, or by something else."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from boxwatch.errors import PublishError
from boxwatch.publish.http import Client

# Programs that reload on SIGHUP; most others would terminate.
_RELOADED_BY_HANGUP = ("prometheus", "vmalert")
_OK, _FORBIDDEN, _NOT_FOUND = 200, 403, 404
_UNAUTHORISED = frozenset({401, 407})


class Reload(Protocol):
    """Reloads a server.

    Attributes:
        waits: whether the configuration is loaded when the call returns.
    """

    @property
    def waits(self) -> bool: ...  # noqa: D102 - above

    def __call__(self, timeout: float) -> None:
        """Reload within this many seconds.

        Raises:
            PublishError: the reload failed, or the server rejected its configuration; quotes its message.
        """


@dataclass(frozen=True, slots=True)
class HttpReload:
    """POST /-/reload, which responds once the configuration is loaded. It is idempotent, so it is retried.

    Attributes:
        client: the server.
        waits: whether the configuration is loaded when the call returns.
        who: the server, as messages name it.
        contents: what it loads, as messages name it.
        remedy: what to do if it does not allow reloads over HTTP.
    """

    client: Client
    waits: bool = True
    who: str = "Prometheus"
    contents: str = "rules"
    remedy: str = "start Prometheus with --web.enable-lifecycle, or pass --reload signal"

    def __call__(self, timeout: float) -> None:
        """Raises PublishError with the server's message."""
        answer = self.client.request("POST", "/-/reload", timeout)
        if answer.status == _OK:
            return
        said = self.client.server_message(answer)
        if answer.status in _UNAUTHORISED:
            raise PublishError(f"{self.client.url}: authentication failed ({answer.status}){said}")
        if answer.status in {_FORBIDDEN, _NOT_FOUND}:
            raise PublishError(
                f"{self.client.url} does not allow reloads over HTTP ({answer.status}){said}; {self.remedy}"
            )
        raise PublishError(f"{self.who} rejected the {self.contents} ({answer.status}){said}; see its log")


@dataclass(frozen=True, slots=True)
class SignalReload:
    """SIGHUP to a process, given by its id or its pid file.

    Attributes:
        process: process id, or the file that contains it.
        proc: mount point of the proc file system.
    """

    process: int | Path
    proc: Path = Path("/proc")
    waits: bool = False

    def __call__(self, timeout: float) -> None:  # noqa: ARG002 - a signal is immediate
        """Raises PublishError if there is no such process, or if it is not Prometheus."""
        number = self.process if isinstance(self.process, int) else self._number(self.process)
        try:
            name = (self.proc / str(number) / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except OSError as error:
            raise PublishError(f"process {number} does not exist: check that Prometheus is running") from error
        if not name.startswith(_RELOADED_BY_HANGUP):
            raise PublishError(f"process {number} is {name}, not Prometheus; it was not signalled")
        try:
            os.kill(number, signal.SIGHUP)
        except OSError as error:
            raise PublishError(f"process {number} could not be signalled: {error.strerror}") from error

    @staticmethod
    def _number(file: Path) -> int:
        try:
            text = file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise PublishError(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from error
        # 0 and negative numbers address process groups.
        if not text.isdecimal() or int(text) < 1:
            raise PublishError(f"{file} contains no process id")
        return int(text)


@dataclass(frozen=True, slots=True)
class ExternalReload:
    """Does nothing: something else reloads, such as a sidecar, or Prometheus 3 watching its files."""

    waits: bool = False

    def __call__(self, timeout: float) -> None:
        """Do nothing."""
