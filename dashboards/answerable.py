"""Panels that a deployment has data for: queries on parts that do not exist are left out.

A panel stays while a query of it reads something measured: lines of the plan alone would look like missing data. Panels
next to one that is left out take its room, and a heading goes with the last panel below it.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator
from dataclasses import replace

from boxwatch.dashboards.layout import COLUMNS, Cell, Line
from boxwatch.dashboards.panels.alert_list import AlertList
from boxwatch.dashboards.panels.field_config import Override
from boxwatch.dashboards.panels.panel import Panel, Query
from boxwatch.dashboards.panels.tables import Table, table
from boxwatch.grafana import expressions
from boxwatch.promql.parse import parse
from boxwatch.promql.selectors import selectors
from boxwatch.rules.built import Built

_BY_QUERY = "byFrameRefID"


def lines(built: Built, *every: Line) -> tuple[Line, ...]:
    """The lines of a page without what this deployment has no data for."""
    if not built.incomplete:
        return every
    return tuple(_without_empty_sections(left for one in every if (left := _line(built, one)) is not None))


def answers(built: Built, query: str) -> bool:
    """Whether a query with Grafana's variables in it can have a result."""
    return built.can_answer(expressions.expand(query, {}))


def _line(built: Built, line: Line) -> Line | None:
    cells = tuple(cell for one in line.cells if (cell := _cell(built, one, line.height)) is not None)
    if line.collapsed:
        inside = lines(built, *line.collapsed)
        return replace(line, collapsed=inside) if inside else None
    if not cells:
        return None if line.cells else line
    return replace(line, cells=tuple(_widened(cells)))


def _cell(built: Built, cell: Cell, height: int) -> Cell | None:
    stack = [(left, high) for panel, high in cell.stack if (left := _panel(built, panel)) is not None]
    if not stack:
        return None
    # The last one takes the room of those that are left out.
    last, _ = stack.pop()
    return replace(cell, stack=(*stack, (last, height - sum(high for _, high in stack))))


def _widened(cells: tuple[Cell, ...]) -> Iterator[Cell]:
    """The cells with the whole width, each with its share."""
    whole, x, reached = sum(cell.width for cell in cells), 0, 0
    for cell in cells:
        reached += cell.width
        end = COLUMNS * reached // whole
        yield replace(cell, width=end - x)
        x = end


def _without_empty_sections(left: Iterable[Line]) -> Iterator[Line]:
    heading: Line | None = None
    for one in left:
        if not one.cells and not one.collapsed:
            heading = one
            continue
        if heading is not None and one.cells:
            yield heading
        heading = None
        yield one


def _panel(built: Built, panel: Panel | AlertList) -> Panel | AlertList | None:
    if isinstance(panel, AlertList):
        return panel
    kept = [number for number, query in enumerate(panel.queries) if answers(built, query.expr)]
    if len(kept) == len(panel.queries):
        return panel
    if not any(_measures(built, panel.queries[number]) for number in kept):
        return None
    return _fewer_columns(panel, kept) if isinstance(panel, Table) else _fewer_queries(panel, kept)


def _measures(built: Built, query: Query) -> bool:
    return any(one.name not in built.constants for one in selectors(parse(expressions.expand(query.expr, {}))))


def _fewer_queries(panel: Panel, kept: list[int]) -> Panel:
    letters = {string.ascii_uppercase[old]: string.ascii_uppercase[new] for new, old in enumerate(kept)}

    def renamed(override: Override) -> Override | None:
        if override.matcher != _BY_QUERY:
            return override
        return replace(override, options=letters[override.options]) if override.options in letters else None

    overrides = tuple(one for override in panel.overrides if (one := renamed(override)) is not None)
    return replace(panel, queries=tuple(panel.queries[number] for number in kept), overrides=overrides)


def _fewer_columns(panel: Table, kept: list[int]) -> Table:
    rows = panel.rows
    columns = tuple(rows.columns[number] for number in kept)
    heads = {column.head for column in columns} | {label.head for label in rows.labels}
    sort_by = tuple(head for head in rows.sort_by if head in heads) or (columns[0].head,)
    return table(replace(rows, columns=columns, sort_by=sort_by), *panel.added)
