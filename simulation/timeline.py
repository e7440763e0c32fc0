"""What was notified when: the alerts of Alertmanager's webhooks, on the box's clock."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from boxwatch.rules import names
from boxwatch.simulation.scenario import Expected

ALERT: Final = "alertname"
SEVERITY: Final = "severity"
WATCHDOG: Final = "Watchdog"


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert as it was notified.

    Attributes:
        at: when it arrived, on the box's clock.
        status: firing or resolved.
        labels: its labels.
        summary: its summary.
        description: its description.
    """

    at: float
    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    summary: str
    description: str

    @property
    def alert(self) -> str:
        """Its name."""
        return self.labels[ALERT]

    @property
    def key(self) -> Expected:
        """What a scenario expects it by."""
        subject = (
            self.labels.get(names.SERVICE) or self.labels.get("coolify_server") or self.labels.get(names.SERVER, "")
        )
        return Expected(self.alert, subject, self.labels.get(SEVERITY, ""))


@dataclass(slots=True)
class Timeline:
    """Everything that was notified, first to last; each change of an alert once.

    Attributes:
        notices: without the heartbeat.
        heartbeats: how often the Watchdog was notified.
    """

    notices: list[Notice] = field(default_factory=list)
    heartbeats: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last: dict[frozenset[tuple[str, str]], str] = field(default_factory=dict)

    def receive(self, document: dict[str, Any], now: float) -> tuple[Notice, ...]:
        """Take a webhook's notification; return what is new in it."""
        found = []
        with self._lock:
            for alert in document["alerts"]:
                labels = dict(alert["labels"])
                if labels[ALERT] == WATCHDOG:
                    self.heartbeats += 1
                    continue
                same = frozenset(labels.items())
                # A group is sent again when one of its alerts changes.
                if self._last.get(same) == alert["status"]:
                    continue
                self._last[same] = alert["status"]
                said = alert["annotations"]
                found.append(Notice(now, alert["status"], labels, said.get("summary", ""), said.get("description", "")))
            self.notices += found
        return tuple(found)

    def fired(self) -> tuple[Expected, ...]:
        """Every alert that was notified as firing, each once, in order of its name."""
        with self._lock:
            return tuple(sorted({notice.key for notice in self.notices if notice.status == "firing"}))

    def firing(self) -> tuple[Notice, ...]:
        """The alerts that were notified and not resolved."""
        with self._lock:
            open_now: dict[frozenset[tuple[str, str]], Notice] = {}
            for notice in self.notices:
                same = frozenset(notice.labels.items())
                if notice.status == "firing":
                    open_now[same] = notice
                else:
                    open_now.pop(same, None)
            return tuple(open_now.values())
