"""The panels of the house: small frozen classes that cannot be made without what every panel owes its reader.

Title, a sentence that says what good looks like, a unit, and a scale that says when it is not good and where that
number comes from. How the panel looks is decided here, once.
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
# Of a series the newest value is shown.
LAST: Node = {"calcs": ["lastNotNull"], "fields": "", "values": False}
# What a line may stand for that has lines in other panels too.
_THINGS = frozenset({names.SERVER, names.SERVICE, names.COMPONENT, names.RESOURCE, names.NAME, names.DEVICE})
_LABEL = re.compile(r"\{\{(\w+)\}\}")
Transformation = tuple[str, "Node"]


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL, and how its series are called: `{{service}}`."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What every panel has.

    Attributes:
        title: a noun phrase, unique in its dashboard.
        description: one or two sentences: what is shown, and what good looks like.
        unit: Grafana's id of the unit.
        scale: the colours, with the source of their numbers.
        queries: A, B, C, …
        overrides: what differs for single fields.
        mappings: words for values.
        transformations: what Grafana does to the answers before it shows them.
        links: where a click on a value leads.
    """

    type: ClassVar[str] = ""
    # Whether only the newest value is asked for, which spares Prometheus the rest.
    instant: ClassVar[bool] = False
    # In which shape the answers are asked for; empty is one series each.
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
        """Refuse a panel that leaves its reader alone.

        Raises:
            ValueError: what is missing.
        """
        if not self.title or not self.unit:
            raise ValueError(f"panel {self.title!r} needs a title and a unit")
        if not SENTENCES.fullmatch(self.description):
            raise ValueError(f"panel {self.title!r} does not say in a sentence what good looks like")
        if not self.queries:
            raise ValueError(f"panel {self.title!r} asks nothing")

    @property
    def full_description(self) -> str:
        """What stands behind the (i) of the panel."""
        return f"{self.description} {self.scale.says}"

    def defaults(self, topology: Topology) -> Node:
        """`fieldConfig.defaults`, beside unit and thresholds."""
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
    """A few numbers, large, on their colour: the first answer, readable from across the room."""

    type: ClassVar[str] = "stat"
    instant: ClassVar[bool] = True
    # What to write where there is nothing to show and that is no fault.
    no_value: str = "not recorded"

    def defaults(self, topology: Topology) -> Node:
        """Grey where nothing is recorded, instead of the first threshold's green."""
        del topology
        return {"color": {"mode": "thresholds"}, "mappings": [*self.mappings, *field_config.unknown(self.no_value)]}

    def options(self) -> Node:
        """No sparkline: the answer is a number, and its history is further down."""
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
        colour: of the lines, where they are all one thing. Else each has its own: by name, where it is a service, a
            replica, a server or a disk, and by order among words that stand in this panel only.
        fill: how much the area below a line is filled, in percent.
        stacked: lines add up to a whole.
        steps: values jump and hold, as counts do.
        table: the legend is a table with the newest and the largest value, for several lines.
    """

    type: ClassVar[str] = "timeseries"
    colour: str = ""
    fill: int = 0
    stacked: bool = False
    steps: bool = False
    table: bool = False
    # How high the axis reaches at least, so that a lone zero does not stand on an axis up to 100.
    soft_max: float = 0
    # Where the axis ends, whatever the values: a trend that turns flat reaches a budget in years.
    max: float = 0
    # Values below 0 are as possible as those above.
    signed: bool = False
    # What to write where there is no line and that is no fault.
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
        """Lines of the plan and of limits stand above areas and in no pile."""
        return tuple(each.among_areas() for each in self.overrides) if self.stacked or self.fill else self.overrides

    def options(self) -> Node:
        """One tooltip for all lines, largest first, zeros left out where lines are many."""
        legend: Node = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
        if self.table:
            legend |= {"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "right"}
            legend |= {"sortBy": "Last *", "sortDesc": True}
        tooltip: Node = {"mode": "multi", "sort": "desc"}
        return {"legend": legend, "tooltip": tooltip | ({"hideZeros": True} if self.stacked else {})}
