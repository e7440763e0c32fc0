"""The exporter: one polling thread per account, one thread that renders the exposition, and an orderly stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry

from boxwatch.exporters.coolify.account import Account
from boxwatch.exporters.coolify.collectors.catalogue import register
from boxwatch.exporters.coolify.exposition_cache import ExpositionCache
from boxwatch.exporters.coolify.logs import facts, where
from boxwatch.exporters.coolify.snapshot import take
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore
from boxwatch.exporters.coolify.state_file import StateFile

_LOG: Final = logging.getLogger(__name__)
_AFTER_MISTAKE: Final = 10.0
# Longest interval in seconds between snapshots, for busy accounts and for failing ones whose data grows stale.
_LONGEST: Final = 10.0
# Least time in seconds between two hints that are followed at once; others wait for the next turn.
_BETWEEN_HINTS: Final = 5.0
# Age in seconds at which the page is frozen: many times the longest interval between two renderings.
_OLDEST_PAGE: Final = 300.0


@dataclass(slots=True)
class Watch:
    """An account with its URL and the time of its last turn.

    Attributes:
        account: the polled account.
        url: base URL, stored in the state file.
        turn_limit: seconds one turn may take before the exporter counts as unhealthy: several pages of a history,
            each up to the total time limit of a request.
    """

    account: Account
    url: str
    turn_limit: float
    turned_at: float = field(default_factory=time.monotonic)
    wake: threading.Event = field(default_factory=threading.Event)
    hinted_at: float = -_BETWEEN_HINTS


class Exporter:
    """Polls accounts and exposes their metrics in the registry it is given."""

    def __init__(
        self,
        watches: Iterable[Watch],
        registry: CollectorRegistry,
        version: str,
        *,
        revision: str = "",
        state_file: StateFile | None = None,
    ) -> None:
        """Register the collectors; no request is made before `start`."""
        self.watches: Final = tuple(watches)
        self.snapshots: Final = SnapshotStore()
        self.registry: Final = registry
        self.version: Final = version
        self._file = state_file
        self._stop: Final = threading.Event()
        self._threads: list[threading.Thread] = []
        register(registry, self.snapshots, version, revision)
        if state_file is not None:
            state_file.load()
            for watch in self.watches:
                state_file.restore(watch.account.name, watch.url, watch.account.inventory.history)
        self.expositions: Final = ExpositionCache(registry, self.snapshots, self.secrets)

    def secrets(self) -> list[str]:
        """Strings to redact everywhere: every token known so far, and its part after the id. Reads no file."""
        return [trace for watch in self.watches for trace in watch.account.api.token.known()]

    def publish(self, account: Account, url: str) -> None:
        """Publish a snapshot of an account, after saving its totals to the state file."""
        if not account.attempted:
            return
        snapshot = take(account)
        if self._file is not None:
            self._file.save(account.name, url, account.inventory.history)
        self.snapshots.publish(snapshot)

    def start(self) -> None:
        """Start polling and rendering."""
        for watch in self.watches:
            self._spawn(f"poll {watch.account.name}", partial(self._poll, watch))
        self._spawn("exposition", partial(self.expositions.run, self._stop))

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
                # Publish when everything due has been read, or after a long busy or idle time.
                if (news and wait > 0) or age > _LONGEST:
                    self.publish(watch.account, watch.url)
                    published, news = time.monotonic(), False
            except Exception as error:  # noqa: BLE001 - a bug must not end polling for good
                wait = _AFTER_MISTAKE
                watch.account.api.counts.internal_errors += 1
                # No traceback: its message may quote the response.
                _LOG.error("internal error", extra=facts(account=watch.account.name, **where(error)))
            watch.turned_at = time.monotonic()
            watch.wake.wait(wait)
            watch.wake.clear()

    @property
    def healthy(self) -> bool:
        """Whether every thread is alive, the page is recent and every account has had a recent turn."""
        alive = all(thread.is_alive() for thread in self._threads)
        fresh = not self._threads or time.monotonic() - self.expositions.refreshed_at < _OLDEST_PAGE
        return alive and fresh and all(time.monotonic() - watch.turned_at < watch.turn_limit for watch in self.watches)

    @property
    def ready(self) -> bool:
        """Whether every account has published a complete snapshot."""
        shown = self.snapshots.current
        return len(shown) == len(self.watches) and all(snapshot.ready for snapshot in shown)

    def hint(self) -> None:
        """Let every account read what may have changed, now; hints that follow at once are one."""
        now = time.monotonic()
        for watch in self.watches:
            watch.account.hinted = True
            if now - watch.hinted_at >= _BETWEEN_HINTS:
                watch.hinted_at = now
                watch.wake.set()

    def begin_to_stop(self) -> None:
        """Tell the threads to stop, without waiting for them."""
        self._stop.set()
        for watch in self.watches:
            watch.wake.set()
        self.snapshots.changed.set()

    def stop(self, timeout: float) -> None:
        """Stop the threads; one still waiting for Coolify after `timeout` seconds dies with the process."""
        self.begin_to_stop()
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        if self._file is not None:
            self._file.release()
