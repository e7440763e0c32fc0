"""The panels that show states over time: what held from when to when, or what each moment was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from boxwatch.dashboards.panels import colours
from boxwatch.dashboards.panels.panel import Panel
from boxwatch.grafana.tree import Node
from boxwatch.topology.model import Topology

_NO_LEGEND: Node = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False}
# More rows than this are on a second page of the panel.
ROWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class States(Panel):
    """What state each thing was in, over time: a row of coloured stretches for each.

    For what holds until it changes (up, complete, a result). `mappings` gives the words and with them the colours.

    Attributes:
        paged: there may be more rows than a panel can name, so that it has pages; their arrows cost every panel a row.
    """

    type: ClassVar[str] = "state-timeline"
    paged: bool = False

    def defaults(self, topology: Topology) -> Node:
        """The words give the colours; what no word stands for is grey."""
        # zero-argument super() does not work in a dataclass with slots.
        return {**Panel.defaults(self, topology), "color": {"mode": "fixed", "fixedColor": colours.QUIET}}

    def options(self) -> Node:
        """Stretches of one state are one stretch, with its word where that fits: nothing is said by colour alone."""
        return {
            "alignValue": "left",
            "legend": dict(_NO_LEGEND),
            "mergeValues": True,
            **({"perPage": ROWS} if self.paged else {}),
            "rowHeight": 0.8,
            "showValue": "auto",
            "tooltip": {"mode": "single", "sort": "none"},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Panel):
    """What each thing was at each moment: a row of cells for each, coloured by the scale or by `mappings`.

    For what is asked now and then (a probe, a backup, a share of an error budget a day): a gap stays a gap.
    """

    type: ClassVar[str] = "status-history"

    def options(self) -> Node:
        """Cells that touch would look like stretches."""
        return {
            "colWidth": 0.9,
            "legend": dict(_NO_LEGEND),
            "perPage": ROWS,
            "rowHeight": 0.8,
            "showValue": "never",
            "tooltip": {"mode": "single", "sort": "none"},
        }
