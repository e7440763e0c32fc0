"""Table panel: one row per thing, one query per column.

Grafana joins the results on their common labels (its `merge`), so every query must keep the same labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from boxwatch.dashboards.panels import field_config, scale
from boxwatch.dashboards.panels.field_config import Link, Override
from boxwatch.dashboards.panels.panel import Panel, Query, with_second_unit
from boxwatch.dashboards.panels.scale import Scale
from boxwatch.grafana.tree import Node
from boxwatch.topology.model import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A column that names the thing.

    Attributes:
        label: the Prometheus label.
        head: the column's heading.
        width: of the column in pixels; 0 lets Grafana choose.
        link: target of a click.
    """

    label: str
    head: str
    width: int = 0
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column with a value.

    Attributes:
        head: the column's heading.
        expr: PromQL that keeps the labels of the table.
        unit: Grafana's id of the unit.
        scale: colours; None leaves the value plain.
        look: where the colour shows: behind the value, or as a bar that is full at `full`.
        full: the value of a full bar.
        mappings: words for values.
        width: of the column in pixels; 0 lets Grafana choose.
    """

    head: str
    expr: str
    unit: str
    scale: Scale | None = None
    look: str = "color-background"
    full: float = 1
    mappings: tuple[Node, ...] = ()
    width: int = 0

    def properties(self, unit: str) -> tuple[tuple[str, object], ...]:
        """The column's differences from the table, whose values have the given unit."""
        made: list[tuple[str, object]] = [] if self.unit == unit else [("unit", self.unit)]
        made += with_second_unit({}, self.unit).items()
        if self.scale is not None:
            cell: Node = {"type": self.look}
            if self.look == "gauge":
                cell |= {"mode": "basic", "valueDisplayMode": "text"}
                made += [("min", 0), ("max", self.full)]
            else:
                cell |= {"mode": "basic"}
            made += [("thresholds", self.scale.to_json()), ("custom.cellOptions", cell)]
        # Otherwise a missing value gets the colour of the first threshold: red where low is bad. A bar then shows
        # nothing.
        mappings = [*self.mappings, *(field_config.unknown("-") if self.scale and self.look != "gauge" else ())]
        if mappings:
            made.append(("mappings", mappings))
        if self.width:
            made.append(("custom.width", self.width))
        return tuple(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Panel):
    """Rows, worst first. Made by `table`."""

    type: ClassVar[str] = "table"
    instant: ClassVar[bool] = True
    format: ClassVar[str] = "table"
    sort_by: tuple[str, ...]
    rising: tuple[str, ...]
    no_value: str

    def defaults(self, topology: Topology) -> Node:
        """An empty table says so in words; an empty cell is a dash (below), so that it cannot be read as zero."""
        del topology
        return {
            "color": {"mode": "thresholds"},
            "custom": {"align": "auto", "inspect": False},
            "noValue": self.no_value,
        }

    def options(self) -> Node:
        """Small rows, so that a dozen fit."""
        return {
            "cellHeight": "sm",
            "showHeader": True,
            "sortBy": [{"desc": head not in self.rising, "displayName": head} for head in self.sort_by],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The content of a table.

    Attributes:
        title: noun phrase.
        description: the content, and "Healthy: …".
        labels: the columns that name a row, first.
        columns: the columns with values, in their order.
        sort_by: the headings of the columns to sort by, largest first.
        rising: those of them where the smallest is worst, and first.
        unit: of the columns that state no other.
        hidden: labels needed only for joining.
        no_value: text of an empty table.
    """

    title: str
    description: str
    labels: tuple[Label, ...]
    columns: tuple[Column, ...]
    sort_by: tuple[str, ...]
    rising: tuple[str, ...] = ()
    unit: str = "none"
    hidden: tuple[str, ...] = ()
    no_value: str = "not recorded"


def table(rows: Rows, *overrides: Override) -> Table:
    """The panel: one query per column, joined on the labels, columns named and ordered as given."""
    says = " ".join(dict.fromkeys(column.scale.says for column in rows.columns if column.scale))
    # Grafana numbers the values only when it merges several results.
    letters = [f" #{chr(ord('A') + number)}" for number in range(len(rows.columns))] if len(rows.columns) > 1 else [""]
    raw = [label.label for label in rows.labels] + [f"Value{letter}" for letter in letters]
    heads = [label.head for label in rows.labels] + [column.head for column in rows.columns]
    organise: Node = {
        "excludeByName": dict.fromkeys(("Time", *rows.hidden), True),
        "indexByName": {name: index for index, name in enumerate(raw)},
        "renameByName": dict(zip(raw, heads, strict=True)),
    }
    return Table(
        title=rows.title,
        description=rows.description,
        unit=rows.unit,
        scale=scale.lines(says or "No value has a limit, so nothing is coloured."),
        queries=tuple(Query(column.expr) for column in rows.columns),
        overrides=(_EMPTY_CELL, *_of_labels(rows.labels), *_of_columns(rows.columns, rows.unit), *overrides),
        transformations=(("merge", {}), ("organize", organise)),
        sort_by=rows.sort_by,
        rising=rows.rising,
        no_value=rows.no_value,
    )


# The panel's own noValue is the text of an empty table, so the cells get theirs from an override.
_EMPTY_CELL = Override("byRegexp", "/.*/", (("noValue", "-"),))


def _of_columns(columns: tuple[Column, ...], unit: str) -> tuple[Override, ...]:
    differing = ((column.head, column.properties(unit)) for column in columns)
    return tuple(field_config.field(head, *properties) for head, properties in differing if properties)


def _of_labels(labels: tuple[Label, ...]) -> tuple[Override, ...]:
    made = []
    for label in labels:
        properties = [label.link.property()] if label.link else []
        if label.width:
            properties.append(("custom.width", label.width))
        if properties:
            made.append(field_config.field(label.head, *properties))
    return tuple(made)
