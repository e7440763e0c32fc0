"""Panel layout: lines of cells on Grafana's grid of 24 columns, in the order of the questions.

Nobody writes coordinates. A line has a height and cells; a cell is a panel with its width, or a stack of panels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boxwatch.dashboards.panels.alert_list import AlertList
    from boxwatch.dashboards.panels.panel import Panel

    Shown = Panel | AlertList

COLUMNS = 24


@dataclass(frozen=True, slots=True)
class Placed:
    """A panel at its position; a section's heading when `panel` is None, with the panels collapsed in it."""

    panel: Shown | None
    x: int
    y: int
    w: int
    h: int
    title: str = ""
    collapsed: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A stack of panels with their heights; most cells have one."""

    width: int
    stack: tuple[tuple[Shown, int], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Cells side by side, all of the same height; or a heading, with the lines collapsed in it."""

    height: int
    cells: tuple[Cell, ...]
    title: str = ""
    collapsed: tuple[Line, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a line that would leave a hole or overflow.

        Raises:
            ValueError: the widths or heights do not add up.
        """
        width = sum(cell.width for cell in self.cells)
        if self.cells and width != COLUMNS:
            raise ValueError(f"the cells of a line must fill {COLUMNS} columns, these fill {width}")
        for cell in self.cells:
            high = sum(height for _, height in cell.stack)
            if high != self.height:
                raise ValueError(f"a cell must be as high as its line ({self.height}), this one is {high}")


def heading(title: str) -> Line:
    """A section's heading."""
    return Line(1, (), title)


def detail(title: str, *lines: Line) -> Line:
    """A section that is closed until its heading is clicked: for the second look. Stands below the open ones."""
    return Line(1, (), title, lines)


def line(height: int, *panels: tuple[Shown, int]) -> Line:
    """Panels side by side, each with its width."""
    return Line(height, tuple(Cell(width, ((panel, height),)) for panel, width in panels))


def even(height: int, *panels: Shown) -> Line:
    """Panels side by side, all of the same width; the last ones take what does not divide."""
    width, rest = divmod(COLUMNS, len(panels))
    wider = len(panels) - rest
    return line(height, *((panel, width + (place >= wider)) for place, panel in enumerate(panels)))


def column(width: int, *panels: tuple[Shown, int]) -> Cell:
    """Panels stacked, each with its height."""
    return Cell(width, panels)


def place(*lines: Line) -> tuple[Placed, ...]:
    """The panels of all lines with their coordinates, in reading order."""
    return tuple(sorted(_place(lines), key=lambda placed: (placed.y, placed.x)))


def _place(lines: tuple[Line, ...]) -> Iterator[Placed]:
    y = 0
    for each in lines:
        if not each.cells:
            inside = tuple(replace(one, y=one.y + y + each.height) for one in place(*each.collapsed))
            yield Placed(None, 0, y, COLUMNS, each.height, each.title, inside)
        x = 0
        for cell in each.cells:
            top = y
            for panel, height in cell.stack:
                yield Placed(panel, x, top, cell.width, height)
                top += height
            x += cell.width
        y += each.height
