"""The optional state file: preserves deployment totals across restarts.

Totals are saved before they are exposed, so that a restart never exposes less than was scraped: Prometheus would take
the decrease for a counter reset and count everything again. A file that cannot be written is left as it is: the history
brings its totals up to date after the next start. A file older than Coolify's own memory of deployments is not used.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.coolify.history import History
from boxwatch.exporters.coolify.logs import facts

_LOG: Final = logging.getLogger(__name__)
_FORMAT: Final = 1
_LARGEST: Final = 64 << 20
# Coolify deletes rows after 60 days; what ended before is in no file older than that.
_OLDEST: Final = 50 * 86400.0
# Written again after this time even if nothing changed, so that its age says how long the exporter was down.
_REFRESH: Final = 3600.0


class StateFileError(BoxwatchError):
    """The state file is in use by another exporter."""

    exit_code = 2


@dataclass(slots=True)
class StateFile:
    """One file for all accounts. An entry applies only to the URL it was saved with: ids belong to the instance."""

    path: Path
    now: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic
    _accounts: dict[str, object] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _held: int | None = None
    _written: float | None = None
    _failing: bool = False

    def load(self) -> None:
        """Read the file; if it is missing, invalid or too old, totals begin at 0.

        Raises:
            StateFileError: another exporter uses it.
        """
        self._claim()
        try:
            with self.path.open("rb") as file:
                document = json.loads(file.read(_LARGEST))
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError):
            document = None
        accounts = document.get("accounts") if isinstance(document, dict) else None
        if not isinstance(accounts, dict) or document.get("format") != _FORMAT:
            _LOG.warning("invalid state file: deployment totals begin at 0", extra=facts(path=self.path))
            return
        saved = document.get("saved", self.now())
        if not isinstance(saved, (int, float)) or abs(self.now() - saved) > _OLDEST:
            _LOG.warning("state file is too old: deployment totals begin at 0", extra=facts(path=self.path))
            return
        self._accounts = accounts

    def _claim(self) -> None:
        """Hold a lock beside the file for as long as the process lives; where none can be made, do without."""
        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
        except OSError:
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise StateFileError(
                f"state-file {self.path} is in use by another exporter: give each its own file"
            ) from None
        self._held = descriptor

    def release(self) -> None:
        """Give the file to another exporter."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def restore(self, account: str, url: str, history: History) -> None:
        """Restore an account's totals."""
        entry = self._accounts.get(account)
        if isinstance(entry, dict) and entry.get("url") == url and isinstance(entry.get("applications"), dict):
            history.load(entry["applications"])

    def save(self, account: str, url: str, history: History) -> None:
        """Write the file if the account's totals changed, or the file is old."""
        fresh = self._written is not None and self.steady() - self._written < _REFRESH
        if not history.changed and (fresh or self._written is None):
            return
        with self._lock:
            self._accounts[account] = {"url": url, "applications": history.dump()}
            self._write({"format": _FORMAT, "saved": int(self.now()), "accounts": self._accounts})
        history.changed = False

    def _write(self, document: dict[str, object]) -> None:
        fresh = self.path.with_name(f"{self.path.name}.new")
        self._written = self.steady()
        try:
            with fresh.open("w", encoding="ascii") as file:
                json.dump(document, file, separators=(",", ":"))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except OSError as error:
            # Told once, not each time that a deployment ends.
            _LOG.log(
                logging.DEBUG if self._failing else logging.WARNING,
                "state file cannot be written: totals depend on the histories after a restart",
                extra=facts(path=self.path, error=os.strerror(error.errno or 0)),
            )
            self._failing = True
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
        else:
            self._failing = False
