"""Panels overlap or exceed the grid's 24 columns; Grafana moves them around."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from boxwatch.checks.finding import Finding
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node

ID = "dashboard_grid"

COLUMNS = 24


class _Box(NamedTuple):
    x: float
    y: float
    w: float
    h: float

    def overlaps(self, other: _Box) -> bool:
        across = self.x < other.x + other.w and other.x < self.x + self.w
        return across and self.y < other.y + other.h and other.y < self.y + self.h


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Panels folded into a row are compared among themselves."""
    top = tree.nodes(dashboard.get("panels"))
    for level in (top, *(tree.nodes(row.get("panels")) for row in top)):
        yield from _level(file, level)


def _level(file: str, panels: Sequence[Node]) -> Iterator[Finding]:
    boxes = [(panel, _box(panel)) for panel in panels]
    for panel, box in boxes:
        if box.x < 0 or box.y < 0 or box.w < 1 or box.h < 1 or box.x + box.w > COLUMNS:
            message = f"the panel is {box.w:g} by {box.h:g} at ({box.x:g}, {box.y:g}), outside the {COLUMNS} columns"
            yield Finding(file, tree.name(panel), ID, "error", message)
    for (one, first), (other, second) in combinations(boxes, 2):
        if first.overlaps(second):
            yield Finding(file, tree.name(one), ID, "error", f"the panel overlaps {tree.name(other)}")


def _box(panel: Mapping[str, object]) -> _Box:
    # Grafana's defaults.
    defaults = {"x": 0, "y": 0, "w": 6, "h": 3}
    place = tree.node(panel.get("gridPos"))
    return _Box(**{key: tree.number(place.get(key), default) for key, default in defaults.items()})
