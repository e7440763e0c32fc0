"""The snapshot store: replaced atomically, so that an exposition never mixes two snapshots of one account."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from boxwatch.exporters.coolify.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Bytes that a kind of Docker object takes, and those that can be freed."""

    size: int
    reclaimable: int


@dataclass(slots=True)
class Own:
    """What the exporter knows of itself, counted by the web server and the rendering thread.

    Attributes:
        scrapes: answers to /metrics by status code.
        closed: connections closed by the server, by reason.
        connections: open connections.
        rendered: duration of the last rendering in seconds; None before the first.
        failed: renderings that failed.
        disk: Docker's disk use by kind of object; empty unless it is asked for.
        disk_failed: requests for it that failed.
    """

    scrapes: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    rendered: float | None = None
    failed: int = 0
    disk: Mapping[str, DiskUse] = field(default_factory=dict)
    disk_failed: int = 0


class SnapshotStore:
    """The latest snapshot of each account. Readers never wait for writers."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock: Final = threading.Lock()
        self._snapshots: dict[str, Snapshot] = {}
        self.current: tuple[Snapshot, ...] = ()
        self.changed: Final = threading.Event()
        self.own: Final = Own()

    def publish(self, snapshot: Snapshot) -> None:
        """Replace the snapshot of an account."""
        with self._lock:
            self._snapshots[snapshot.account] = snapshot
            self.current = tuple(self._snapshots[name] for name in sorted(self._snapshots))
        self.changed.set()
