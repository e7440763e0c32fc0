"""Scales and lines of alerts: a panel turns colour where an alert fires, and shows the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwatch.dashboards import colours
from boxwatch.dashboards.panels import Query
from boxwatch.dashboards.scale import Scale
from boxwatch.rules.promql import number
from boxwatch.topology import units

if TYPE_CHECKING:
    from collections.abc import Callable

    from boxwatch.rules.model import Subject
    from boxwatch.topology.model import Topology

    Make = Callable[[Topology], Subject | None]


# Where such a number is changed.
_SOURCE = "alerts.rules in the topology"


def of(topology: Topology, make: Make, alert: str) -> float:
    """The number that an alert compares with, as the topology wants it.

    Raises:
        ValueError: the subject has no such alert, or the alert has no threshold.
    """
    subject = make(topology)
    for one in subject.alerts if subject else ():
        if one.alert == alert and one.threshold is not None:
            return one.threshold
    raise ValueError(f"no alert {alert} with a threshold")


def too_little(topology: Topology, make: Make, low: str, critical: str) -> Scale:
    """Shares of which little is left: amber and red below the thresholds of two alerts."""
    amber, red = of(topology, make, low), of(topology, make, critical)
    says = f"Red below {_percent(red)}, amber below {_percent(amber)}, where {critical} and {low} begin ({_SOURCE})."
    if amber <= red:
        # A topology may let both begin at once.
        return Scale(says, ((0, colours.BAD), (red, colours.GOOD)))
    return Scale(says, ((0, colours.BAD), (red, colours.NEAR), (amber, colours.GOOD)))


def too_much(high: float, alert: str) -> Scale:
    """Shares of which much is used: amber above the threshold of an alert."""
    return Scale(
        f"Amber above {_percent(high)}, where {alert} begins ({_SOURCE}).", ((0, colours.GOOD), (high, colours.NEAR))
    )


def too_soon(within: float, alert: str) -> Scale:
    """Times until something is full: amber below the threshold of an alert."""
    says = f"Amber below {units.format_duration(int(within))}, where {alert} begins ({_SOURCE})."
    return Scale(says, ((0, colours.NEAR), (within, colours.GOOD)))


def line(threshold: float, legend: str) -> Query:
    """A threshold as a query, to be drawn as `fields.plan_line`."""
    return Query(f"vector({number(threshold)})", legend)


def _percent(share: float) -> str:
    return f"{share * 100:g}%"
