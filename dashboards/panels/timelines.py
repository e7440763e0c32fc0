"""Panels of states over time: stretches for lasting states, cells for single moments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from boxwatch.dashboards.panels import colours
from boxwatch.dashboards.panels.panel import Panel
from boxwatch.grafana.tree import Node
from boxwatch.topology.model import Topology

_NO_LEGEND: Node = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False}
# Further rows are on the panel's next page.
ROWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class States(Panel):
    """The state of each thing over time: a row of coloured stretches each.

    For states that last until they change (up, complete, a result). `mappings` gives the words and with them the
    colours.

    Attributes:
        paged: the panel has pages, because there may be more rows than fit; the arrows cost every panel a row.
        no_value: text of an empty panel, where that is no fault.
    """

    type: ClassVar[str] = "state-timeline"
    paged: bool = False
    no_value: str = ""

    def defaults(self, topology: Topology) -> Node:
        """The words give the colours; a value without a word is grey. Opaque, so that words are readable on them."""
        # Zero-argument super() does not work in a dataclass with slots.
        made = {**Panel.defaults(self, topology), "color": {"mode": "fixed", "fixedColor": colours.QUIET}}
        made["custom"] = {"fillOpacity": 100}
        return {**made, "noValue": self.no_value} if self.no_value else made

    def options(self) -> Node:
        """Adjacent stretches of one state merge, labelled where the word fits: nothing relies on colour alone."""
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
    """Each thing at each moment: a row of cells each, coloured by the scale or by `mappings`.

    For values sampled now and then (a probe, a backup, a daily share of an error budget): a gap stays a gap.
    """

    type: ClassVar[str] = "status-history"

    def options(self) -> Node:
        """Touching cells would look like stretches."""
        return {
            "colWidth": 0.9,
            "legend": dict(_NO_LEGEND),
            "perPage": ROWS,
            "rowHeight": 0.8,
            "showValue": "never",
            "tooltip": {"mode": "single", "sort": "none"},
        }
