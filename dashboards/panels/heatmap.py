"""Heatmap panel: a distribution over time, one histogram per moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from boxwatch.dashboards.panels.panel import Panel
from boxwatch.grafana.tree import Node
from boxwatch.topology.model import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap(Panel):
    """Buckets of a Prometheus histogram, lighter where more happened; darker in Grafana's light theme.

    The query is `sum by (le) (rate(x_bucket[$__rate_interval]))` with the legend `{{le}}`; `unit` is that of the
    bounds, `counted` that of the events.
    """

    type: ClassVar[str] = "heatmap"
    format: ClassVar[str] = "heatmap"

    counted: str = "short"

    def defaults(self, topology: Topology) -> Node:
        """Colours stand for the number of events, so the field itself has none."""
        del topology
        return {}

    def options(self) -> Node:
        """Cividis reads the same under every kind of colour blindness, and in black and white."""
        color: Node = {"mode": "scheme", "scheme": "Cividis", "scale": "exponential", "exponent": 0.5, "steps": 64}
        return {
            "calculate": False,
            # With one cell per scrape, a gap of one pixel would be a third of a cell.
            "cellGap": 0,
            "cellValues": {"unit": self.counted},
            "color": {**color, "fill": "dark-orange", "reverse": False},
            "exemplars": {"color": "rgba(255,0,255,0.7)"},
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "showValue": "never",
            "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": False},
            "yAxis": {"axisPlacement": "left", "reverse": False, "unit": self.unit},
        }
