"""Migration from rows of twelve spans to the grid of 24 columns: schema version 16."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from boxwatch.grafana.canonical.sources import Sources
from boxwatch.grafana.tree import Node, nodes, number, text

COLUMNS = 24
_OLD_COLUMNS = 12
_DEFAULT_SPAN = 4
_DEFAULT_HEIGHT = 250
_STEP = 38  # pixels of a grid line including its margin
_LEAST_HEIGHT = 90


def _pixels(value: object) -> float | None:
    if isinstance(value, str):
        try:
            return float(value.removesuffix("px"))
        except ValueError:
            return None
    return number(value) if isinstance(value, int | float) else None


def _lines(height: float) -> int:
    return math.ceil(max(height, _LEAST_HEIGHT) / _STEP)


@dataclass(slots=True)
class _Area:
    """The fill height of each column of a row, counted from the top of the row."""

    height: int
    y: int
    filled: list[int] = field(default_factory=lambda: [0] * COLUMNS)

    def place(self, width: int, height: int) -> Node:
        """Place a panel in the rightmost gap that is wide enough, else on a new line."""
        start, end, found = 0, 0, False
        for column in reversed(range(COLUMNS)):
            if self.filled[column] >= self.height:
                break
            if not found:
                end, found = column, True
            elif column < COLUMNS - 1 and self.filled[column] <= self.filled[column + 1]:
                start = column
            else:
                break
        if not (found and end - start >= width - 1) and any(self.filled):
            self.y += self.height
            self.filled = [0] * COLUMNS
            return self.place(width, height)
        top = max(self.filled[start : end + 1])
        for column in range(start, min(start + width, COLUMNS)):
            self.filled[column] = max(self.filled[column], top + height)
        return {"x": start, "y": self.y + top, "w": width, "h": height}


def from_rows(dashboard: Node, sources: Sources) -> None:
    """16: panels in rows get grid positions; rows with a heading become row panels."""
    del sources
    if not isinstance(dashboard.get("rows"), list):
        return
    rows = [row for row in nodes(dashboard.pop("rows")) if row.get("repeatIteration") is None]
    if not rows:
        return
    panels = nodes(dashboard.get("panels"))
    everything = [*panels, *(panel for row in rows for panel in nodes(row.get("panels")))]
    free = int(max((number(panel.get("id")) for panel in everything), default=0)) + 1
    headed = any(row.get("collapse") or row.get("showTitle") or text(row.get("repeat")) for row in rows)
    y = 0
    for row in rows:
        height = _lines(_pixels(row.get("height")) or _DEFAULT_HEIGHT)
        heading = _heading(row, free, y, height) if headed else None
        folded = row.get("collapse") is True
        if heading is not None:
            free += 1
            y += 1
        area = _Area(height, y)
        placed = nodes(row.get("panels"))
        for panel in placed:
            _place(panel, area, height)
        y = area.y
        if heading is not None and folded:
            heading["panels"] = placed
        else:
            panels += placed
        if heading is not None:
            panels.append(heading)
        if heading is None or not folded:
            y += height
    dashboard["panels"] = panels


def _heading(row: Node, number_: int, y: int, height: int) -> Node:
    made: Node = {
        "id": number_,
        "type": "row",
        "title": text(row.get("title")),
        "repeat": text(row.get("repeat")),
        "panels": [],
        "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": height},
    }
    if "collapse" in row:
        made["collapsed"] = row["collapse"] is True
    return made


def _place(panel: Node, area: _Area, height: int) -> None:
    span = number(panel.pop("span", None)) or _DEFAULT_SPAN
    own = _pixels(panel.get("height"))
    width = math.floor(span) * (COLUMNS // _OLD_COLUMNS)
    least = number(panel.get("minSpan"))
    if least > 0:
        panel["minSpan"] = int(min(COLUMNS, COLUMNS / _OLD_COLUMNS * least))
    panel["gridPos"] = area.place(width, height if own is None else _lines(own))
