"""What all accounts show: swapped as a whole, so that a page never mixes two moments of one account."""

from __future__ import annotations

import threading
from typing import Final

from boxwatch.exporters.coolify.snapshot import Snapshot


class SnapshotStore:
    """The latest snapshot of each account. Writers replace, readers take; neither waits for the other."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock: Final = threading.Lock()
        self._snapshots: dict[str, Snapshot] = {}
        self.current: tuple[Snapshot, ...] = ()
        self.changed: Final = threading.Event()

    def publish(self, snapshot: Snapshot) -> None:
        """Replace the snapshot of an account."""
        with self._lock:
            self._snapshots[snapshot.account] = snapshot
            self.current = tuple(self._snapshots[name] for name in sorted(self._snapshots))
        self.changed.set()
