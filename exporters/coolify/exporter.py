"""Everything together: one thread an account, one that makes the page, and a stop that ends them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry

from boxwatch.exporters.coolify.account import Account, where
from boxwatch.exporters.coolify.collectors.catalogue import register
from boxwatch.exporters.coolify.exposition_cache import ExpositionCache
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.logs import facts
from boxwatch.exporters.coolify.snapshot import take
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore
from boxwatch.exporters.coolify.state_file import StateFile

_LOG: Final = logging.getLogger(__name__)
_AFTER_MISTAKE: Final = 10.0
# A busy account, and one that fails and lets its readings grow old, publishes at least this often.
_LONGEST: Final = 10.0


@dataclass(slots=True)
class Watch:
    """An account with where it lives and when it last did something.

    Attributes:
        account: what is polled.
        url: for the state file and the landing page.
        patience: seconds for which one turn may take: the whole time of a request, and pages of a history.
    """

    account: Account
    url: str
    patience: float
    turned_at: float = field(default_factory=time.monotonic)


class Exporter:
    """Polls accounts into a registry that was passed in."""

    def __init__(
        self,
        watches: Iterable[Watch],
        registry: CollectorRegistry,
        version: str,
        *,
        state_file: StateFile | None = None,
    ) -> None:
        """Register the page; nothing is asked before `start` or `turn`."""
        self.watches: Final = tuple(watches)
        self.snapshots: Final = SnapshotStore()
        self.registry: Final = registry
        self.version: Final = version
        self._file = state_file
        self._stop: Final = threading.Event()
        self._threads: list[threading.Thread] = []
        register(registry, self.snapshots, version)
        if state_file is not None:
            state_file.load()
            for watch in self.watches:
                state_file.restore(watch.account.name, watch.url, watch.account.inventory.history)
        self.expositions: Final = ExpositionCache(registry, self.snapshots, self.secrets)

    def secrets(self) -> list[str]:
        """What must not appear anywhere: every token as it is now, and its telling part."""
        found: list[str] = []
        for watch in self.watches:
            try:
                found += watch.account.api.token.read().traces()
            except Failure:
                continue
        return found

    def publish(self, account: Account, url: str) -> None:
        """Show what an account knows now, after the state file has it."""
        if not account.attempted:
            return
        snapshot = take(account)
        if self._file is not None:
            self._file.save(account.name, url, account.inventory.history)
        self.snapshots.publish(snapshot)

    def start(self) -> None:
        """Begin to poll and to make pages."""
        for watch in self.watches:
            self._spawn(f"poll {watch.account.name}", partial(self._poll, watch))
        self._spawn("page", partial(self.expositions.run, self._stop))

    def _spawn(self, name: str, body: Callable[[], None]) -> None:
        thread = threading.Thread(target=body, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _poll(self, watch: Watch) -> None:
        published, news = 0.0, False
        while not self._stop.is_set():
            try:
                wait = watch.account.turn()
                news = news or wait == 0
                age = time.monotonic() - published
                # Everything that is due is read first; what is busy or idle for long shows what it has.
                if (news and wait > 0) or age > _LONGEST:
                    self.publish(watch.account, watch.url)
                    published, news = time.monotonic(), False
            except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the polling for good
                wait = _AFTER_MISTAKE
                watch.account.api.counts.internal_errors += 1
                # No traceback: its message may quote what came over the wire.
                _LOG.error("internal error", extra=facts(account=watch.account.name, **where(error)))
            watch.turned_at = time.monotonic()
            self._stop.wait(wait)

    @property
    def healthy(self) -> bool:
        """Whether every thread still does its work."""
        alive = all(thread.is_alive() for thread in self._threads)
        return alive and all(time.monotonic() - watch.turned_at < watch.patience for watch in self.watches)

    @property
    def ready(self) -> bool:
        """Whether the page says something of every account."""
        shown = self.snapshots.current
        return len(shown) == len(self.watches) and all(snapshot.ready for snapshot in shown)

    def stop(self, timeout: float) -> None:
        """End the threads; one that waits for Coolify is left behind, and dies with the process."""
        self._stop.set()
        self.snapshots.changed.set()
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
