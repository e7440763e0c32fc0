"""The verdict on a scenario: exactly the expected alerts were notified, and all of them were resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from boxwatch.simulation.scenario import Expected, Scenario
from boxwatch.simulation.timeline import Timeline

# Alerts about the demo's own Prometheus, which is real and shares this computer with everything else.
_OWN: Final = ("PrometheusMissedEvaluations", "ScrapeSlow", "TargetDown")
_TOO_FAST: Final = "this computer may be too slow or too busy for compressed time: lower --speed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a scenario.

    Attributes:
        missing: expected alerts that were not notified.
        unexpected: alerts that were notified and not expected.
        unresolved: expected alerts that were still firing at its end.
        heartbeats: how often the dead man's switch heard of us.
    """

    missing: tuple[Expected, ...]
    unexpected: tuple[Expected, ...]
    unresolved: tuple[Expected, ...]
    heartbeats: int

    @property
    def passed(self) -> bool:
        """Whether it went as it should."""
        return not (self.missing or self.unexpected or self.unresolved) and self.heartbeats > 0

    def lines(self) -> tuple[str, ...]:
        """What went wrong, one sentence each."""
        return (
            *(f"not notified: {_told(one)}" for one in self.missing),
            *(f"notified although not expected: {_told(one)}" for one in self.unexpected),
            *(f"not resolved at the end: {_told(one)}" for one in self.unresolved),
            *((_TOO_FAST,) if any(one.alert in _OWN for one in self.unexpected) else ()),
            *(("no heartbeat arrived: Alertmanager notified nobody of the Watchdog",) if not self.heartbeats else ()),
        )


def _told(one: Expected) -> str:
    return f"{one.alert} ({one.severity}) of {one.subject}"


def judge(scenario: Scenario, timeline: Timeline) -> Verdict:
    """Compare what was notified with what the scenario expects."""
    wanted, fired = set(scenario.expects), set(timeline.fired())
    unresolved = {notice.key for notice in timeline.firing()}
    return Verdict(
        tuple(sorted(wanted - fired)),
        tuple(sorted(fired - wanted)),
        tuple(sorted(unresolved & wanted)),
        timeline.heartbeats,
    )


def complete(scenario: Scenario, timeline: Timeline) -> bool:
    """Whether everything expected has been notified and resolved."""
    return bool(scenario.expects) and set(scenario.expects) <= set(timeline.fired()) and not timeline.firing()
