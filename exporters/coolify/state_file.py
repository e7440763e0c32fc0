"""The optional state file: preserves deployment totals across restarts.

Totals are saved before they are exposed, so that a restart never exposes less than was scraped: Prometheus would take
the decrease for a counter reset and count everything again. If the file cannot be written it is removed, so that the
next start begins at 0, a reset that Prometheus handles.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from boxwatch.exporters.coolify.history import History
from boxwatch.exporters.coolify.logs import facts

_LOG: Final = logging.getLogger(__name__)
_FORMAT: Final = 1
_LARGEST: Final = 64 << 20


@dataclass(slots=True)
class StateFile:
    """One file for all accounts. An entry applies only to the URL it was saved with: ids belong to the instance."""

    path: Path
    _accounts: dict[str, object] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self) -> None:
        """Read the file; if it is missing or invalid, totals begin at 0."""
        try:
            with self.path.open("rb") as file:
                document = json.loads(file.read(_LARGEST))
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError):
            document = None
        accounts = document.get("accounts") if isinstance(document, dict) else None
        if isinstance(accounts, dict) and document.get("format") == _FORMAT:
            self._accounts = accounts
        else:
            _LOG.warning("invalid state file: deployment totals begin at 0", extra=facts(path=self.path))

    def restore(self, account: str, url: str, history: History) -> None:
        """Restore an account's totals."""
        entry = self._accounts.get(account)
        if isinstance(entry, dict) and entry.get("url") == url and isinstance(entry.get("applications"), dict):
            history.load(entry["applications"])

    def save(self, account: str, url: str, history: History) -> None:
        """Write the file if the account's totals changed."""
        if not history.changed:
            return
        with self._lock:
            self._accounts[account] = {"url": url, "applications": history.dump()}
            self._write({"format": _FORMAT, "accounts": self._accounts})
        history.changed = False

    def _write(self, document: dict[str, object]) -> None:
        fresh = self.path.with_name(f"{self.path.name}.new")
        try:
            with fresh.open("w", encoding="ascii") as file:
                json.dump(document, file, separators=(",", ":"))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except OSError as error:
            _LOG.warning(
                "state file cannot be written: deployment totals will begin at 0 after a restart",
                extra=facts(path=self.path, error=os.strerror(error.errno or 0)),
            )
            for path in (fresh, self.path):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
