"""Panels that show a value against a maximum: a dial for one thing, bars to compare several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from boxwatch.dashboards.panels import field_config
from boxwatch.dashboards.panels.panel import LAST, Panel
from boxwatch.grafana.tree import Node
from boxwatch.topology.model import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars(Panel):
    """One bar per thing, to compare: horizontal, so that names are readable.

    Attributes:
        full: the value of a full bar. By default Grafana scales each bar to its own value.
    """

    type: ClassVar[str] = "bargauge"
    instant: ClassVar[bool] = True
    full: float

    def defaults(self, topology: Topology) -> Node:
        """Bars start at zero and share one scale, so that half as much looks like half."""
        # Zero-argument super() does not work in a dataclass with slots. One decimal for all: the numbers take their
        # width from the bars.
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
    """A dial: the share of a known whole, for one thing or very few.

    Attributes:
        full: the value at the end of the dial.
        no_value: text for missing values that are no fault.
    """

    type: ClassVar[str] = "gauge"
    instant: ClassVar[bool] = True
    full: float
    no_value: str = "not recorded"

    def defaults(self, topology: Topology) -> Node:
        """From zero to the whole; grey without data."""
        mappings = [*self.mappings, *field_config.unknown(self.no_value)]
        return {**Panel.defaults(self, topology), "mappings": mappings, "min": 0, "max": self.full}

    def options(self) -> Node:
        """Thresholds are drawn on the rim without numbers; the description has the numbers."""
        return {
            "minVizHeight": 75,
            "minVizWidth": 75,
            "orientation": "auto",
            "reduceOptions": LAST,
            "showThresholdLabels": False,
            "showThresholdMarkers": True,
            "sizing": "auto",
        }
