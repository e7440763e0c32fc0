"""Panel classes: small and frozen, and impossible to construct without the parts that every panel owes its reader.

These are a title, a description with "Healthy: …", a unit, and a scale that states its thresholds and their source. The
look of panels is decided here, once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from boxwatch.dashboards.panels import colours, field_config
from boxwatch.dashboards.panels.field_config import Link, Override
from boxwatch.dashboards.panels.scale import Scale
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.topology.model import Topology

SENTENCES = re.compile(r"[A-Z].+\.", re.DOTALL)
# Reduces a series to its newest value.
LAST: Node = {"calcs": ["lastNotNull"], "fields": "", "values": False}
# Labels whose series may also appear in other panels.
_THINGS = frozenset({names.SERVER, names.SERVICE, names.COMPONENT, names.RESOURCE, names.NAME, names.DEVICE})
_LABEL = re.compile(r"\{\{(\w+)\}\}")
Transformation = tuple[str, "Node"]


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL and the legend of its series: `{{service}}`."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The fields of every panel.

    Attributes:
        title: a noun phrase, unique in its dashboard.
        description: one or two sentences: the content, and "Healthy: …".
        unit: Grafana's id of the unit.
        scale: the colours, with the source of their numbers.
        queries: A, B, C, …
        overrides: differences of single fields.
        mappings: words for values.
        transformations: Grafana's transformations of the results.
        links: targets of a click on a value.
    """

    type: ClassVar[str] = ""
    # Whether to request the newest value only, which spares Prometheus the rest.
    instant: ClassVar[bool] = False
    # The format of the results; empty means one series each.
    format: ClassVar[str] = ""

    title: str
    description: str
    unit: str
    scale: Scale
    queries: tuple[Query, ...]
    overrides: tuple[Override, ...] = ()
    mappings: tuple[Node, ...] = ()
    transformations: tuple[Transformation, ...] = ()
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a panel that lacks a required part.

        Raises:
            ValueError: the missing part.
        """
        if not self.title or not self.unit:
            raise ValueError(f"panel {self.title!r} needs a title and a unit")
        if not SENTENCES.fullmatch(self.description):
            raise ValueError(f"panel {self.title!r} has no description in sentences")
        if not self.queries:
            raise ValueError(f"panel {self.title!r} has no queries")

    @property
    def full_description(self) -> str:
        """The text behind the panel's (i)."""
        return f"{self.description} {self.scale.says}"

    def defaults(self, topology: Topology) -> Node:
        """`fieldConfig.defaults`, apart from unit and thresholds."""
        del topology
        return {"color": {"mode": "thresholds"}, "mappings": list(self.mappings)}

    def differing(self) -> tuple[Override, ...]:
        """`fieldConfig.overrides`."""
        return self.overrides

    def options(self) -> Node:
        """`options` of the panel's type."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat(Panel):
    """A few large numbers on coloured ground: the first answer, readable from across the room."""

    type: ClassVar[str] = "stat"
    instant: ClassVar[bool] = True
    # Text for missing values that are no fault.
    no_value: str = "not recorded"

    def defaults(self, topology: Topology) -> Node:
        """Grey without data, instead of the first threshold's green."""
        del topology
        return {"color": {"mode": "thresholds"}, "mappings": [*self.mappings, *field_config.unknown(self.no_value)]}

    def options(self) -> Node:
        """No sparkline: the answer is a number, and its history stands further down."""
        return {
            "colorMode": "background_solid",
            "graphMode": "none",
            "justifyMode": "center",
            "orientation": "vertical",
            "percentChangeColorMode": "standard",
            "reduceOptions": LAST,
            "showPercentChange": False,
            "textMode": "value_and_name" if any(query.legend for query in self.queries) else "value",
            "wideLayout": True,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph(Panel):
    """Lines over time.

    Attributes:
        colour: colour of the lines, if they are all of one kind. Otherwise by name for services, replicas, servers
            and disks, and by order for words that appear in this panel only.
        fill: opacity of the area below a line, in percent.
        stacked: lines add up to a whole.
        steps: values jump and hold, as counts do.
        table: the legend is a table with the latest and the largest value, for several lines.
    """

    type: ClassVar[str] = "timeseries"
    colour: str = ""
    fill: int = 0
    stacked: bool = False
    steps: bool = False
    table: bool = False
    # Soft maximum of the axis, so that a lone zero does not get an axis up to 100.
    soft_max: float = 0
    # Hard maximum of the axis: a flattening trend would reach its budget in years.
    max: float = 0
    # Values may fall below 0.
    signed: bool = False
    # Text for an empty graph that is no fault.
    no_value: str = ""

    def defaults(self, topology: Topology) -> Node:
        """A lost scrape does not break a line; a longer gap does, because nobody knows what happened in it."""
        color = self._color()
        custom: Node = {
            "fillOpacity": self.fill,
            "lineInterpolation": "stepAfter" if self.steps else "linear",
            "lineWidth": 0 if self.stacked else 2,
            "showPoints": "never",
            "spanNulls": 3 * topology.scrape_interval * 1000,
            "stacking": {"group": "A", "mode": "normal" if self.stacked else "none"},
        }
        if self.soft_max:
            custom["axisSoftMax"] = self.soft_max
        if self.signed:
            custom["axisSoftMin"] = 0
        made: Node = {"color": color, "mappings": [*self.mappings], "custom": custom}
        if not self.signed:
            made["min"] = 0
        if self.steps:
            made["decimals"] = 0
        if self.max:
            made["max"] = self.max
        if self.no_value:
            made["noValue"] = self.no_value
        return made

    def _color(self) -> Node:
        drawn = {override.options for override in self.overrides if override.matcher == "byFrameRefID"}
        free = [query for number, query in enumerate(self.queries) if chr(ord("A") + number) not in drawn]
        labels = {label for query in free for label in _LABEL.findall(query.legend)}
        if self.colour or (len(free) == 1 and not labels):
            return {"mode": "fixed", "fixedColor": self.colour or colours.USE}
        return {
            "mode": colours.BY_NAME if len(free) == 1 and labels <= _THINGS and not self.stacked else colours.BY_ORDER
        }

    def differing(self) -> tuple[Override, ...]:
        """Plan and limit lines stand above areas and outside stacks."""
        return tuple(each.among_areas() for each in self.overrides) if self.stacked or self.fill else self.overrides

    def options(self) -> Node:
        """One tooltip for all lines, largest first, without zeros in stacks."""
        legend: Node = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
        if self.table:
            legend |= {"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "right"}
            legend |= {"sortBy": "Last *", "sortDesc": True}
        tooltip: Node = {"mode": "multi", "sort": "desc"}
        return {"legend": legend, "tooltip": tooltip | ({"hideZeros": True} if self.stacked else {})}
