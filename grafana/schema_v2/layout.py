"""Layouts in schema v2: a grid, or rows with a grid each, positioned relative to the row's heading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from boxwatch.grafana.schema_v2 import panel as panels
from boxwatch.grafana.tree import Node, node, nodes, number, text

# Height of a row's heading.
_HEADING = 1


@dataclass(slots=True)
class _Row:
    heading: Node | None
    # The grid line at which its panels begin.
    top: int
    panels: list[Node] = field(default_factory=list)


def to_v2(all_panels: Sequence[Node]) -> Node:
    """Convert the positions of a dashboard's panels to a layout."""
    if not any(each.get("type") == "row" for each in all_panels):
        return _grid(all_panels, 0)
    rows: list[_Row] = []
    for each in all_panels:
        if each.get("type") == "row":
            rows.append(_Row(each, _line(each) + _HEADING, nodes(each.get("panels"))))
            continue
        if not rows:
            rows.append(_Row(None, 0))
        rows[-1].panels.append(each)
    return {"kind": "RowsLayout", "spec": {"rows": [_row(row) for row in rows]}}


def _row(row: _Row) -> Node:
    heading = row.heading
    spec: Node = {"title": "", "collapse": False, "hideHeader": True}
    if heading is not None:
        spec = {"title": text(heading.get("title")), "collapse": heading.get("collapsed") is True}
        if text(heading.get("repeat")):
            spec["repeat"] = {"mode": "variable", "value": heading["repeat"]}
    return {"kind": "RowsLayoutRow", "spec": {**spec, "layout": _grid(row.panels, row.top)}}


def _grid(all_panels: Sequence[Node], top: int) -> Node:
    return {"kind": "GridLayout", "spec": {"items": [_item(each, top) for each in all_panels]}}


def _item(panel: Node, top: int) -> Node:
    place = node(panel.get("gridPos"))
    spec: Node = {
        "element": {"kind": "ElementReference", "name": panels.name(panel)},
        "height": int(number(place.get("h"), 3)),
        "width": int(number(place.get("w"), 6)),
        "x": int(number(place.get("x"))),
        "y": _line(panel) - top,
    }
    if text(panel.get("repeat")):
        repeat: Node = {"mode": "variable", "value": panel["repeat"]}
        spec["repeat"] = repeat | {
            key: panel[own]
            for key, own in (("direction", "repeatDirection"), ("maxPerRow", "maxPerRow"))
            if own in panel
        }
    return {"kind": "GridLayoutItem", "spec": spec}


def _line(panel: Mapping[str, object]) -> int:
    return int(number(node(panel.get("gridPos")).get("y")))
