"""Scales: the values at which a panel turns amber or red, and the source of these numbers.

Every panel needs a scale. Numbers come from the topology, from recorded constants drawn as lines, or are zero; the
scale names their source in the words that end the panel's description.
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
        says: one sentence for the description: the meaning of colours or lines, and the source of their numbers.
        steps: (value, colour from it upwards); the first colour also applies below its value.
    """

    says: str
    steps: tuple[tuple[float, str], ...]

    def __post_init__(self) -> None:
        """Refuse a scale without a sentence or with steps that do not rise.

        Raises:
            ValueError: the fault.
        """
        values = [value for value, _ in self.steps]
        if not self.says.endswith("."):
            raise ValueError("a scale must state the source of its numbers in a sentence")
        if not values or any(later <= earlier for earlier, later in pairwise(values)):
            raise ValueError(f"the steps of a scale must rise, these do not: {values}")

    def to_json(self) -> Node:
        """Grafana's `thresholds`. Every step has a value: Grafana reads the first as "and everything below"."""
        return {"mode": "absolute", "steps": [{"color": colour, "value": value} for value, colour in self.steps]}


def percent(share: float) -> str:
    """A share in percent, for display."""
    return f"{share * 100:g}%"


def budget_share(topology: Topology) -> Scale:
    """Shares of a budget: amber from the topology's threshold, red from 100%."""
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
    """Shares of a server's whole plan: red from 100%."""
    return Scale("Red from 100%: the plan in the topology.", ((0, colours.GOOD), (1, colours.BAD)))


def headroom(topology: Topology) -> Scale:
    """Free bytes of a server: red below the least headroom that the plan leaves on any server."""
    planned = min(
        server.memory
        - server.reserved
        - sum(service.replicas * service.memory for service in topology.services_on(server.name))
        for server in topology.servers
    )
    says = f"Red below {units.human_memory(max(planned, 0))}, the topology's least planned headroom of any server."
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
    """Counts that should be zero."""
    word = {colours.BAD: "Red", colours.NEAR: "Amber"}[colour]
    return Scale(f"{word} from 1.", ((0, colours.GOOD), (1, colour)))


def completeness() -> Scale:
    """Running replicas as a share of desired replicas: the plan itself is the threshold."""
    says = "Red: none running. Amber: some missing. Green: as planned in the topology. Blue: more, as during a deploy."
    return Scale(says, ((0, colours.QUIET),))


def over_budget() -> Scale:
    """Memory states: 1 is past the service's own threshold, 2 over its budget; the query does both comparisons."""
    says = "Memory is amber near and red over the budget in the topology."
    return Scale(says, ((0, colours.GOOD), (1, colours.NEAR), (2, colours.BAD)))


def a_second(rate: float) -> str:
    """A rate, for display."""
    return f"{rate:g} a second"


def days(seconds: float) -> str:
    """A duration in days, for display."""
    return f"{seconds / _DAY:g} days"


def alert_above(topology: Topology, alert: str, default: float, reads: Callable[[float], str]) -> Scale:
    """Red from an alert's threshold; `reads` formats that number: 5%."""
    threshold = topology.alerts.threshold(alert, default)
    says = f"Red from {reads(threshold)}, the threshold of the alert {alert}."
    return Scale(says, ((0, colours.GOOD), (threshold, colours.BAD)))


def alert_below(topology: Topology, alert: str, default: float, reads: Callable[[float], str]) -> Scale:
    """Red below an alert's threshold."""
    threshold = topology.alerts.threshold(alert, default)
    says = f"Red below {reads(threshold)}, the threshold of the alert {alert}."
    return Scale(says, ((0, colours.BAD), (threshold, colours.GOOD)))


def lines(says: str) -> Scale:
    """For panels whose thresholds are recorded series, drawn as lines: they may differ by service and change."""
    return Scale(says, ((0, colours.USE),))


def none_known(why: str) -> Scale:
    """For panels about values without a number in the topology; `why` says so."""
    return Scale(why, ((0, colours.QUIET),))
