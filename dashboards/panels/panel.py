"""Panel classes: small and frozen, and impossible to construct without the parts that every panel owes its reader.

These are a title, a description with "Healthy: …", a unit, and a scale that states its thresholds and their source. The
look of panels is decided here, once.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from boxwatch.dashboards.panels import colours, field_config, palette, screen
from boxwatch.dashboards.panels.field_config import Link, Override
from boxwatch.dashboards.panels.palette import Vocabulary
from boxwatch.dashboards.panels.scale import Scale
from boxwatch.grafana.tree import Node
from boxwatch.topology.model import Topology

SENTENCES = re.compile(r"[A-Z].+\.", re.DOTALL)
# Reduces a series to its newest value.
LAST: Node = {"calcs": ["lastNotNull"], "fields": "", "values": False}
# Grafana's unit of durations, which shows one unit only, rounded down, unless it is asked for a second: 171 s read as
# "2 minutes".
DURATION = "dtdurations"
_SECOND_UNIT = 1
# A legend next to the lines takes at most a third of the panel; in narrower panels it stands below them.
_WIDE = 16
# Below every value, so that the first step of thresholds never shows.
_LOWEST = -1e18
Transformation = tuple[str, "Node"]


def with_second_unit(defaults: Node, unit: str) -> Node:
    """The field config with durations in two units: "2 days, 4 hours"."""
    return {**defaults, "decimals": _SECOND_UNIT} if unit == DURATION else defaults


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

    def thresholds(self) -> Node:
        """`fieldConfig.defaults.thresholds`."""
        return self.scale.to_json()

    def differing(self, vocabulary: Vocabulary) -> tuple[Override, ...]:
        """`fieldConfig.overrides`."""
        del vocabulary
        return self.overrides

    def options(self) -> Node:
        """`options` of the panel's type."""
        raise NotImplementedError

    def options_at(self, width: int) -> Node:
        """`options` at a width in columns of the grid."""
        del width
        return self.options()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat(Panel):
    """A few large numbers on coloured ground: the first answer, readable from across the room."""

    type: ClassVar[str] = "stat"
    instant: ClassVar[bool] = True
    # Text for missing values that are no fault.
    no_value: str = "not recorded"
    # The names alone are the answer, as in a list of links.
    names_only: bool = False

    def defaults(self, topology: Topology) -> Node:
        """Grey without data, instead of the first threshold's green."""
        del topology
        mappings = [*self.mappings, *field_config.unknown(self.no_value)]
        return with_second_unit({"color": {"mode": "thresholds"}, "mappings": mappings}, self.unit)

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
            "textMode": self._text_mode(),
            "wideLayout": True,
        }

    def _text_mode(self) -> str:
        if self.names_only:
            return "name"
        return "value_and_name" if any(query.legend for query in self.queries) else "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph(Panel):
    """Lines over time.

    Attributes:
        colour: colour of all lines without one of their own; empty gives each its own (`palette.of_series`).
        words: known values of the legend's label, such as the modes of a lock, in the order of their colours.
        levels: (value, colour) of thresholds that Grafana draws dashed while there are data, and only where the axis
            reaches: a far threshold does not flatten the lines, and none stands in for missing data.
        fill: opacity of the area below a line, in percent.
        stacked: lines add up to a whole.
        steps: values jump and hold, as counts do.
        table: in a wide panel the legend is a table with the latest value.
    """

    type: ClassVar[str] = "timeseries"
    colour: str = ""
    words: tuple[str, ...] = ()
    levels: tuple[tuple[float, str], ...] = ()
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
        if self.levels:
            custom["thresholdsStyle"] = {"mode": "dashed"}
        alone = len(self.queries) == 1 and "{{" not in self.queries[0].legend
        color: Node = {"mode": "fixed", "fixedColor": self.colour or (colours.USE if alone else colours.SERIES[0])}
        made: Node = {"color": color, "mappings": [*self.mappings], "custom": custom}
        if not self.signed:
            made["min"] = 0
        if self.steps:
            made["decimals"] = 0
        if self.max:
            made["max"] = self.max
        if self.no_value:
            made["noValue"] = self.no_value
        return with_second_unit(made, self.unit)

    def differing(self, vocabulary: Vocabulary) -> tuple[Override, ...]:
        """A colour for each series; then plan and limit lines, which stand above areas and outside stacks."""
        own = tuple(each.among_areas() for each in self.overrides) if self.stacked or self.fill else self.overrides
        return (*self._colours(vocabulary), *own)

    def _colours(self, vocabulary: Vocabulary) -> Iterable[Override]:
        drawn = {each.options for each in self.overrides if each.matcher == "byFrameRefID"}
        free = [
            (ref_id, query.legend)
            for ref_id, query in zip(string.ascii_uppercase, self.queries, strict=False)
            if ref_id not in drawn
        ]
        if self.colour or (len(free) == 1 and "{{" not in free[0][1]):
            return ()
        return palette.of_series(free, self.words, vocabulary)

    def thresholds(self) -> Node:
        """The levels, above a step that is not drawn; of two at one value the later, which is the worse."""
        if not self.levels:
            return self.scale.to_json()
        return Scale("Drawn.", ((_LOWEST, colours.NO_COLOUR), *sorted(dict(self.levels).items()))).to_json()

    def options(self) -> Node:
        """One tooltip for all lines, largest first, without zeros in stacks."""
        legend: Node = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
        tooltip: Node = {"mode": "multi", "sort": "desc"}
        return {"legend": legend, "tooltip": tooltip | ({"hideZeros": True} if self.stacked else {})}

    def options_at(self, width: int) -> Node:
        """In a wide panel, a table of names and latest values may stand in its right third."""
        options = self.options()
        if self.table and width >= _WIDE:
            options["legend"] = {
                "calcs": ["lastNotNull"],
                "displayMode": "table",
                "placement": "right",
                "showLegend": True,
                "sortBy": "Last *",
                "sortDesc": True,
                "width": screen.panel_width(width, screen.NARROW) // 3,
            }
        return options
