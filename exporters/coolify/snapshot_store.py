"""The snapshot store: replaced atomically, so that an exposition never mixes two snapshots of one account."""

from __future__ import annotations

import threading
from typing import Final

from boxwatch.exporters.coolify.snapshot import Snapshot


class SnapshotStore:
    """The latest snapshot of each account. Readers never wait for writers."""

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
