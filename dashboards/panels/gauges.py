"""The panels that show one value against its end: a dial for one thing, bars to compare several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from boxwatch.dashboards.panels import field_config
from boxwatch.dashboards.panels.panel import LAST, Panel
from boxwatch.grafana.tree import Node
from boxwatch.topology.model import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars(Panel):
    """One bar for each thing of a kind, to compare: horizontal, so that names can be read.

    Attributes:
        full: where a full bar ends. Left to itself, Grafana ends each at its own value.
    """

    type: ClassVar[str] = "bargauge"
    instant: ClassVar[bool] = True
    full: float

    def defaults(self, topology: Topology) -> Node:
        """Bars begin at nothing and have one scale, so that half as much looks like half."""
        # zero-argument super() does not work in a dataclass with slots.
        # One decimal for all: bars are as long as their numbers leave them room.
        return {**Panel.defaults(self, topology), "decimals": 1, "min": 0, "max": self.full}

    def options(self) -> Node:
        """Plain bars: gradients suggest precision that the colours do not have."""
        return {
            "displayMode": "basic",
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
            "maxVizHeight": 60,
            "minVizHeight": 16,
            "minVizWidth": 8,
            "namePlacement": "left",
            "orientation": "horizontal",
            "reduceOptions": LAST,
            "showUnfilled": True,
            "sizing": "manual",
            "valueMode": "color",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge(Panel):
    """A dial: how much of a known whole, for one thing or very few.

    Attributes:
        full: where the dial ends.
        no_value: what to write where there is nothing to show and that is no fault.
    """

    type: ClassVar[str] = "gauge"
    instant: ClassVar[bool] = True
    full: float
    no_value: str = "not recorded"

    def defaults(self, topology: Topology) -> Node:
        """From nothing to the whole; grey where nothing is recorded."""
        mappings = [*self.mappings, *field_config.unknown(self.no_value)]
        return {**Panel.defaults(self, topology), "mappings": mappings, "min": 0, "max": self.full}

    def options(self) -> Node:
        """The thresholds are drawn on the rim, without their numbers: the description says them."""
        return {
            "minVizHeight": 75,
            "minVizWidth": 75,
            "orientation": "auto",
            "reduceOptions": LAST,
            "showThresholdLabels": False,
            "showThresholdMarkers": True,
            "sizing": "auto",
        }
