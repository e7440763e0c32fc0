"""Alert thresholds in panels: a panel changes colour where an alert fires, and draws the threshold.

Grafana draws the lines itself, so there is none where data are missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from boxwatch.dashboards.panels import colours
from boxwatch.dashboards.panels.panel import Graph
from boxwatch.dashboards.panels.scale import Scale, percent
from boxwatch.topology import units

# The key that changes such a number.
_SOURCE = "alerts.rules in the topology"


def of(numbers: Mapping[str, float], alert: str) -> float:
    """An alert's threshold, out of those of a deployment (`Built.thresholds`).

    Raises:
        ValueError: there is no such alert, or it has no threshold.
    """
    if alert not in numbers:
        raise ValueError(f"no alert {alert} with a threshold")
    return numbers[alert]


def too_little(numbers: Mapping[str, float], low: str, critical: str) -> Scale:
    """Shares left, where little is bad: amber and red below the thresholds of two alerts."""
    amber, red = of(numbers, low), of(numbers, critical)
    says = f"Red below {percent(red)} and amber below {percent(amber)}: {critical} and {low} ({_SOURCE})."
    if amber <= red:
        # A topology may set both to the same value.
        return Scale(says, ((0, colours.BAD), (red, colours.GOOD)))
    return Scale(says, ((0, colours.BAD), (red, colours.NEAR), (amber, colours.GOOD)))


def too_much(high: float, alert: str) -> Scale:
    """Shares used, where much is bad: amber above an alert's threshold."""
    return Scale(
        f"Amber above {percent(high)}, the threshold of {alert} ({_SOURCE}).", ((0, colours.GOOD), (high, colours.NEAR))
    )


def too_soon(within: float, alert: str) -> Scale:
    """Time left until something is full: amber below an alert's threshold."""
    says = f"Amber below {units.format_duration(int(within))}, the threshold of {alert} ({_SOURCE})."
    return Scale(says, ((0, colours.NEAR), (within, colours.GOOD)))


def drawn(graph: Graph, threshold: float, colour: str = colours.PLAN) -> Graph:
    """A graph with its alert's threshold as a dashed line; in the colour of a limit for the worse of two alerts."""
    return replace(graph, levels=(*graph.levels, (threshold, colour)))
