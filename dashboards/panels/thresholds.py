"""Scales and lines of alerts: a panel turns colour where an alert fires, and shows the line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from boxwatch.dashboards.panels import colours, field_config
from boxwatch.dashboards.panels.panel import Graph, Query
from boxwatch.dashboards.panels.scale import Scale, percent
from boxwatch.rules.patterns.fragments import number
from boxwatch.topology import units

# Where such a number is changed.
_SOURCE = "alerts.rules in the topology"


def of(numbers: Mapping[str, float], alert: str) -> float:
    """The number that an alert compares with, among those of a deployment (`Built.thresholds`).

    Raises:
        ValueError: there is no such alert, or it has no threshold.
    """
    if alert not in numbers:
        raise ValueError(f"no alert {alert} with a threshold")
    return numbers[alert]


def too_little(numbers: Mapping[str, float], low: str, critical: str) -> Scale:
    """Shares of which little is left: amber and red below the thresholds of two alerts."""
    amber, red = of(numbers, low), of(numbers, critical)
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
        overrides=(*graph.overrides, field_config.plan_line(letter)),
    )
