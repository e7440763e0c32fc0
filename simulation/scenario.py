"""A scenario: what goes wrong when, what must be notified, and when all must be quiet again."""

from __future__ import annotations

from dataclasses import dataclass

from boxwatch.simulation.faults import Fault


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """An alert that a scenario must cause.

    Attributes:
        alert: its name.
        subject: the value of its `service` label, or of `server` for one about a server.
        severity: critical, warning or info.
    """

    alert: str
    subject: str
    severity: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """An incident, or a stretch without one.

    Attributes:
        name: as given to `--scenario`.
        line: what happens, in a sentence.
        faults: what is wrong; times in seconds after the scenario's start.
        expects: every alert that must be notified, and no other may be.
        ends: seconds after its start by which everything is resolved.
        what: each thing that happens, for the timeline: (seconds, sentence).
        unresolved: alerts that are still firing when it ends, because their windows are longer.
    """

    name: str
    line: str
    faults: tuple[Fault, ...] = ()
    expects: tuple[Expected, ...] = ()
    ends: float = 900.0
    what: tuple[tuple[float, str], ...] = ()
