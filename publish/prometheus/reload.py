"""Ways to make Prometheus read its rules again: over HTTP, by a signal, or by somebody else's hand."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from boxwatch.errors import PublishError
from boxwatch.publish.http import Client

# Whose SIGHUP means "reload". Of any other process it would most likely be the end.
_RELOADED_BY_HANGUP = ("prometheus", "vmalert")
_OK, _FORBIDDEN, _NOT_FOUND = 200, 403, 404
_UNAUTHORISED = frozenset({401, 407})


class Reload(Protocol):
    """Makes Prometheus read its rules again.

    Attributes:
        waits: whether Prometheus has loaded the rules when the call returns.
    """

    @property
    def waits(self) -> bool: ...  # noqa: D102 - above

    def __call__(self, timeout: float) -> None:
        """Do it, within so many seconds.

        Raises:
            PublishError: it could not be done, or Prometheus refused the rules, with its own words.
        """


@dataclass(frozen=True, slots=True)
class HttpReload:
    """POST /-/reload. It answers when the rules are loaded, and doing it twice does no harm, so it is retried."""

    client: Client
    waits: bool = True

    def __call__(self, timeout: float) -> None:
        """Raises PublishError with what Prometheus said."""
        answer = self.client.request("POST", "/-/reload", timeout)
        if answer.status == _OK:
            return
        said = self.client.server_message(answer)
        if answer.status in _UNAUTHORISED:
            raise PublishError(f"{self.client.url} refuses who we say we are ({answer.status}){said}")
        if answer.status in {_FORBIDDEN, _NOT_FOUND}:
            raise PublishError(
                f"{self.client.url} takes no reload over HTTP ({answer.status}){said}; start Prometheus with "
                "--web.enable-lifecycle, or use --reload signal"
            )
        raise PublishError(f"Prometheus refused the rules ({answer.status}){said}; its log says more")


@dataclass(frozen=True, slots=True)
class SignalReload:
    """SIGHUP to a process that is, or whose number a file holds.

    Attributes:
        process: its number, or the file that holds it.
        proc: where the kernel shows processes.
    """

    process: int | Path
    proc: Path = Path("/proc")
    waits: bool = False

    def __call__(self, timeout: float) -> None:  # noqa: ARG002 - a signal takes no time
        """Raises PublishError when there is no such process, or when it is no Prometheus."""
        number = self.process if isinstance(self.process, int) else self._number(self.process)
        try:
            name = (self.proc / str(number) / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except OSError as error:
            raise PublishError(f"there is no process {number} to signal: is Prometheus running?") from error
        if not name.startswith(_RELOADED_BY_HANGUP):
            raise PublishError(f"process {number} is {name} and not Prometheus, so it was not signalled")
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
        # 0 and negative numbers mean whole groups of processes.
        if not text.isdecimal() or int(text) < 1:
            raise PublishError(f"{file} holds no process number")
        return int(text)


@dataclass(frozen=True, slots=True)
class ExternalReload:
    """Nothing is done: something else reloads, such as a sidecar, or Prometheus 3 that watches its files."""

    waits: bool = False

    def __call__(self, timeout: float) -> None:
        """Nothing."""
