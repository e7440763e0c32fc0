"""When a panel turns amber or red, and where the number comes from.

A panel cannot be made without a scale. Numbers come from the topology, from recorded constants that are drawn as
lines, or are zero; a scale says in words which, and the words end the panel's description.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from boxwatch.dashboards.panels import colours
from boxwatch.grafana.tree import Node
from boxwatch.topology import units
from boxwatch.topology.model import Topology

_DAY = 86400


@dataclass(frozen=True, slots=True)
class Scale:
    """The colours of a panel's values.

    Attributes:
        says: one sentence for the description: what the colours or lines mean and where their numbers come from.
        steps: from which value on which colour; the first colour also holds below its value.
    """

    says: str
    steps: tuple[tuple[float, str], ...]

    def __post_init__(self) -> None:
        """Refuse a scale that says nothing or whose steps do not rise.

        Raises:
            ValueError: what is wrong with it.
        """
        values = [value for value, _ in self.steps]
        if not self.says.endswith("."):
            raise ValueError("a scale says in a sentence where its numbers come from")
        if not values or any(later <= earlier for earlier, later in pairwise(values)):
            raise ValueError(f"the steps of a scale rise, these do not: {values}")

    def to_json(self) -> Node:
        """Grafana's `thresholds`. Every step has a value: Grafana reads the first as "and everything below"."""
        return {"mode": "absolute", "steps": [{"color": colour, "value": value} for value, colour in self.steps]}


def percent(share: float) -> str:
    """A share as people write it."""
    return f"{share * 100:g}%"


def budget_share(topology: Topology) -> Scale:
    """Shares of a budget: amber from the topology's threshold, red from the whole."""
    near = topology.thresholds.memory_near_budget
    says = f"Amber from {percent(near)} (memory_near_budget in the topology), red from 100%."
    if near >= 1:
        return Scale("Red from 100%: the budget in the topology.", ((0, colours.GOOD), (1, colours.BAD)))
    return Scale(says, ((0, colours.GOOD), (near, colours.NEAR), (1, colours.BAD)))


def limit_share(topology: Topology) -> Scale:
    """Shares of a memory limit: red from the topology's threshold."""
    near = topology.thresholds.memory_near_limit
    says = f"Red from {percent(near)} (memory_near_limit in the topology)."
    return Scale(says, ((0, colours.GOOD), (near, colours.BAD)))


def plan_share() -> Scale:
    """Shares of the whole plan of a server: red from the whole."""
    return Scale("Red from 100%: the plan in the topology.", ((0, colours.GOOD), (1, colours.BAD)))


def headroom(topology: Topology) -> Scale:
    """Free bytes of a server: red below the least headroom that the plan leaves on any server."""
    planned = min(
        server.memory
        - server.reserved
        - sum(service.replicas * service.memory for service in topology.services_on(server.name))
        for server in topology.servers
    )
    says = f"Red below {units.human_memory(max(planned, 0))}, the least headroom that the topology plans for a server."
    return Scale(says, ((0, colours.BAD), (planned, colours.GOOD)) if planned > 0 else ((0, colours.GOOD),))


def exhaustion(topology: Topology) -> Scale:
    """Seconds until a budget is reached: amber below the topology's threshold."""
    within = topology.thresholds.memory_exhausted_within
    says = f"Amber below {units.format_duration(within)} (memory_exhausted_within in the topology)."
    return Scale(says, ((0, colours.NEAR), (within, colours.GOOD)))


def restarts(topology: Topology) -> Scale:
    """Restarts in 15 minutes: amber from the first, red from the topology's threshold."""
    most = topology.thresholds.restarts
    says = f"Amber from 1, red from {most} (restarts in the topology)."
    steps = ((0, colours.GOOD), (1, colours.NEAR), (most, colours.BAD))
    return Scale(says, steps if most > 1 else (steps[0], (1, colours.BAD)))


def none_is_good(colour: str = colours.BAD) -> Scale:
    """Counts of things that should not be."""
    word = {colours.BAD: "Red", colours.NEAR: "Amber"}[colour]
    return Scale(f"{word} from 1.", ((0, colours.GOOD), (1, colour)))


def completeness() -> Scale:
    """Replicas running as a share of those wanted: the plan itself is the threshold."""
    says = "Red: none runs. Amber: some are missing. Green: as the topology wants. Blue: more, as during a deploy."
    return Scale(says, ((0, colours.QUIET),))


def over_budget() -> Scale:
    """States of memory: 1 is past the service's own threshold, 2 over its budget; both are compared when asked."""
    says = "Memory is amber near and red over the budget that the topology gives."
    return Scale(says, ((0, colours.GOOD), (1, colours.NEAR), (2, colours.BAD)))


def a_second(rate: float) -> str:
    """A rate as people write it."""
    return f"{rate:g} a second"


def days(seconds: float) -> str:
    """A time of days as people write it."""
    return f"{seconds / _DAY:g} days"


def alert_above(topology: Topology, alert: str, default: float, reads: Callable[[float], str]) -> Scale:
    """Red from where an alert fires; `reads` writes that number as people do: 5%."""
    threshold = topology.alerts.threshold(alert, default)
    says = f"Red from {reads(threshold)}, from which the alert {alert} fires."
    return Scale(says, ((0, colours.GOOD), (threshold, colours.BAD)))


def alert_below(topology: Topology, alert: str, default: float, reads: Callable[[float], str]) -> Scale:
    """Red below the number below which an alert fires."""
    threshold = topology.alerts.threshold(alert, default)
    says = f"Red below {reads(threshold)}, below which the alert {alert} fires."
    return Scale(says, ((0, colours.BAD), (threshold, colours.GOOD)))


def lines(says: str) -> Scale:
    """For panels whose thresholds are recorded series, drawn as lines: they may differ by service and change."""
    return Scale(says, ((0, colours.USE),))


def none_known(why: str) -> Scale:
    """For panels about something that the topology states no number for; `why` says so."""
    return Scale(why, ((0, colours.QUIET),))
