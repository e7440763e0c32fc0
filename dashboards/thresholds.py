"""Scales and lines of alerts: a panel turns colour where an alert fires, and shows the line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boxwatch.dashboards import colours, fields
from boxwatch.dashboards.panels import Graph, Query
from boxwatch.dashboards.scale import Scale, percent
from boxwatch.rules.promql import number
from boxwatch.topology import units

if TYPE_CHECKING:
    from collections.abc import Callable

    from boxwatch.rules.model import Subject
    from boxwatch.topology.model import Topology

    Make = Callable[[Topology], Subject | None]


# Where such a number is changed.
_SOURCE = "alerts.rules in the topology"


def numbers(topology: Topology, *makes: Make) -> dict[str, float]:
    """Alert → the number that it compares with, as the topology wants it, of the alerts of some subjects."""
    return {
        alert.alert: alert.threshold
        for make in makes
        for subject in (make(topology),)
        for alert in (subject.alerts if subject else ())
        if alert.threshold is not None
    }


def of(topology: Topology, make: Make, alert: str) -> float:
    """The number that an alert compares with, as the topology wants it.

    Raises:
        ValueError: the subject has no such alert, or the alert has no threshold.
    """
    known = numbers(topology, make)
    if alert not in known:
        raise ValueError(f"no alert {alert} with a threshold")
    return known[alert]


def too_little(topology: Topology, make: Make, low: str, critical: str) -> Scale:
    """Shares of which little is left: amber and red below the thresholds of two alerts."""
    amber, red = of(topology, make, low), of(topology, make, critical)
    says = f"Red below {percent(red)}, amber below {percent(amber)}, where {critical} and {low} begin ({_SOURCE})."
    if amber <= red:
        # A topology may let both begin at once.
        return Scale(says, ((0, colours.BAD), (red, colours.GOOD)))
    return Scale(says, ((0, colours.BAD), (red, colours.NEAR), (amber, colours.GOOD)))


def too_much(high: float, alert: str) -> Scale:
    """Shares of which much is used: amber above the threshold of an alert."""
    return Scale(
        f"Amber above {percent(high)}, where {alert} begins ({_SOURCE}).", ((0, colours.GOOD), (high, colours.NEAR))
    )


def too_soon(within: float, alert: str) -> Scale:
    """Times until something is full: amber below the threshold of an alert."""
    says = f"Amber below {units.format_duration(int(within))}, where {alert} begins ({_SOURCE})."
    return Scale(says, ((0, colours.NEAR), (within, colours.GOOD)))


def line(threshold: float, legend: str) -> Query:
    """A threshold as a query, to be drawn as `fields.plan_line`."""
    return Query(f"vector({number(threshold)})", legend)


def drawn(graph: Graph, threshold: float, legend: str = "alert above") -> Graph:
    """A graph with the threshold of its alert as a dashed line, after its own queries."""
    letter = chr(ord("A") + len(graph.queries))
    return replace(
        graph,
        queries=(*graph.queries, line(threshold, legend)),
        overrides=(*graph.overrides, fields.plan_line(letter)),
    )
