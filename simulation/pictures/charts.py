"""Panels as pictures: stat, bar gauge, table, time series, state timeline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, inf, isfinite, log10, nan
from typing import Any, Final, NamedTuple

from boxwatch.dashboards.panels import colours
from boxwatch.simulation.api import Series
from boxwatch.simulation.pictures import svg, units
from boxwatch.simulation.pictures.panels import Answered

_HEAD: Final = 26.0
_PAD: Final = 12.0
_ROW: Final = 22.0
_LEGEND: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_AXIS: Final = 62.0
_TICKS: Final = 4
_HOUR: Final = 3600.0
_NAME: Final = "__name__"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a panel is drawn, in pixels, and the time that it shows."""

    x: float
    y: float
    width: float
    height: float
    since: float
    until: float

    def at(self, moment: float, left: float, right: float) -> float:
        """The x of a moment, between two edges."""
        return left + (right - left) * (moment - self.since) / (self.until - self.since)


def draw(panel: Answered, place: Place) -> str:
    """A panel."""
    if panel.kind == "row":
        return svg.text(place.x + 2, place.y + place.height - 4, panel.title, "t h")
    make = _DRAW.get(panel.kind, _unknown)
    title = svg.clipped(panel.title, place.width - 2 * _PAD, 13)
    frame = svg.rect(place.x, place.y, place.width, place.height, style="card", radius=6)
    head = svg.text(place.x + _PAD, place.y + 18, title, "t h")
    return f'<g class="panel">{frame}{head}{"".join(make(panel, place))}</g>'


def no_data(panel: Answered) -> bool:
    """Whether a panel has nothing to show, and no words for that."""
    return not any(panel.answers.values()) and not panel.defaults.get("noValue")


def _unknown(_panel: Answered, place: Place) -> Iterator[str]:
    yield svg.text(place.x + _PAD, place.y + 44, "not drawn here: see it in Grafana", "q")


def _mapped(value: float, properties: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The words and the colour that a value is mapped to."""
    for mapping in properties.get("mappings", ()):
        options = mapping["options"]
        if mapping["type"] == "value" and isfinite(value):
            found = options.get(f"{value:g}")
            if found:
                return found.get("text"), found.get("color")
        elif mapping["type"] == "range" and isfinite(value):
            low = -inf if options.get("from") is None else options["from"]
            high = inf if options.get("to") is None else options["to"]
            if low <= value <= high:
                return options["result"].get("text"), options["result"].get("color")
        elif mapping["type"] == "special" and not isfinite(value):
            return options["result"].get("text"), options["result"].get("color")
    return None, None


def _threshold(value: float, properties: Mapping[str, Any]) -> str:
    found = colours.QUIET
    for step in properties.get("thresholds", {}).get("steps", ()):
        if step.get("value") is None or value >= step["value"]:
            found = step["color"]
    return found


def _legend(target: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    form = str(target.get("legendFormat") or "")
    if form and form != "__auto":
        return _LEGEND.sub(lambda match: labels.get(match[1], ""), form)
    return ", ".join(value for name, value in labels.items() if name != _NAME)


def _stat(panel: Answered, place: Place) -> Iterator[str]:
    value, name = nan, ""
    for target, answer in panel.targets():
        for one in answer:
            value, name = one.points[-1][1], _legend(target, one.labels) if target.get("legendFormat") else ""
    words, colour = _mapped(value, panel.defaults)
    shown = words or units.text(value, str(panel.defaults.get("unit", "none")))
    colour = colour or _threshold(value, panel.defaults)
    top = place.y + _HEAD + 2
    yield svg.rect(place.x + 6, top, place.width - 12, place.height - _HEAD - 8, fill=colour, radius=4)
    size = "b" if len(shown) > 8 else "n"  # noqa: PLR2004 - letters that fit in large type
    below = 6 if name else 0
    yield svg.text(
        place.x + place.width / 2, top + (place.height - _HEAD) / 2 + 8 - below, shown, f"i {size}", "middle"
    )
    if name:
        yield svg.text(place.x + place.width / 2, top + place.height - _HEAD - 20, name, "i s", "middle")


def _bars(panel: Answered, place: Place) -> Iterator[str]:
    found = [
        (_legend(target, one.labels), one.points[-1][1], panel.overrides("byFrameRefID", str(target["refId"])))
        for target, answer in panel.targets()
        for one in answer
    ]
    most = float(panel.defaults.get("max") or max((value for _, value, _ in found), default=1.0) or 1.0)
    unit = str(panel.defaults.get("unit", "none"))
    height = (place.height - _HEAD - _PAD) / max(1, len(found))
    left, right = place.x + 78, place.x + place.width - 84
    for number, (name, value, properties) in enumerate(found):
        y = place.y + _HEAD + number * height
        colour = properties.get("color", {}).get("fixedColor") or _threshold(value, panel.defaults)
        yield svg.text(left - 8, y + height / 2 + 4, svg.clipped(name, 64), "q", "end")
        yield svg.rect(
            left, y + 3, (right - left) * min(1.0, max(0.0, value / most)), height - 8, fill=colour, radius=3
        )
        yield svg.text(right + 8, y + height / 2 + 4, units.text(value, unit), "t")


# Tables.


def rows(panel: Answered) -> tuple[list[str], list[dict[str, str | float]]]:
    """The columns of a table and its rows, after its transformations."""
    several = len(panel.answers) > 1
    merged: dict[tuple[tuple[str, str], ...], dict[str, str | float]] = {}
    for target, answer in panel.targets():
        value = f"Value #{target['refId']}" if several else "Value"
        for one in answer:
            labels = {name: text for name, text in one.labels.items() if name != _NAME}
            row = merged.setdefault(tuple(sorted(labels.items())), dict(labels))
            row[value] = one.points[-1][1]
    options: dict[str, Any] = {}
    for step in panel.panel.get("transformations", ()):
        if step["id"] == "organize":
            options = step["options"]
    hidden, renamed = options.get("excludeByName", {}), options.get("renameByName", {})
    order = options.get("indexByName", {})
    names = sorted(
        {name for row in merged.values() for name in row if not hidden.get(name)},
        key=lambda one: (order.get(one, 99), one),
    )
    columns = [renamed.get(name) or name for name in names]
    found = [{head: row.get(name, nan) for name, head in zip(names, columns, strict=True)} for row in merged.values()]
    for sort in reversed(panel.panel.get("options", {}).get("sortBy", ())):
        head = sort["displayName"]
        found.sort(key=lambda row: _order(row.get(head, nan)), reverse=bool(sort.get("desc")))
    return columns, found


def _order(value: str | float) -> tuple[float, str]:
    return (0.0, value) if isinstance(value, str) else (value if isfinite(value) else -inf, "")


def _table(panel: Answered, place: Place) -> Iterator[str]:
    columns, found = rows(panel)
    if not found:
        yield svg.text(place.x + _PAD, place.y + _HEAD + 22, str(panel.defaults.get("noValue", "no data")), "q")
        return
    texts = [head for head in columns if any(isinstance(row[head], str) for row in found)]
    width = (place.width - 2 * _PAD) / (len(columns) + 0.8 * len(texts))
    edges: list[float] = []
    x = place.x + _PAD
    for head in columns:
        edges.append(x)
        x += width * (1.8 if head in texts else 1.0)
    edges.append(x)
    for number, head in enumerate(columns):
        at, anchor = (edges[number], "start") if head in texts else (edges[number + 1] - 8, "end")
        yield svg.text(
            at, place.y + _HEAD + 14, svg.clipped(head, edges[number + 1] - edges[number] - 6, 11), "q s", anchor
        )
    room = int((place.height - _HEAD - 24) / _ROW)
    for line_number, row in enumerate(found[:room]):
        y = place.y + _HEAD + 22 + line_number * _ROW
        for number, head in enumerate(columns):
            yield from _cell(panel, head, row[head], (edges[number], y, edges[number + 1] - edges[number]))


def _cell(panel: Answered, head: str, value: str | float, at: tuple[float, float, float]) -> Iterator[str]:
    x, y, width = at
    if isinstance(value, str):
        yield svg.text(x, y + 15, svg.clipped(value, width - 6))
        return
    properties = {**panel.defaults, **panel.overrides("byName", head)}
    words, colour = _mapped(value, properties)
    shown = words or units.text(value, str(properties.get("unit", "none")))
    kind = properties.get("custom.cellOptions", {}).get("type", "auto")
    colour = colour or _threshold(value, properties)
    if kind == "color-background" and isfinite(value):
        yield svg.rect(x + 4, y + 1, width - 8, _ROW - 3, fill=colour, radius=3)
        yield svg.text(x + width - 10, y + 15, shown, "i", "end")
    elif kind == "gauge" and isfinite(value):
        most = float(properties.get("max") or 1.0)
        yield svg.rect(x + 4, y + 4, max(0.0, width - 66) * min(1.0, value / most), _ROW - 9, fill=colour, radius=2)
        yield svg.text(x + width - 8, y + 15, shown, "t", "end")
    else:
        yield svg.text(x + width - 8, y + 15, shown, "t", "end")


# Over time.


def _ticks(most: float) -> tuple[list[float], float]:
    """Round values for an axis from 0, and its top."""
    if most <= 0:
        return [0.0], 1.0
    raw = most / _TICKS
    power = 10.0 ** floor(log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw)
    return [step * number for number in range(ceil(most / step) + 1)], step * ceil(most / step)


def _binary_ticks(most: float) -> tuple[list[float], float]:
    unit = 1.0
    while most / unit >= 1024:  # noqa: PLR2004 - the next unit
        unit *= 1024
    ticks, top = _ticks(most / unit)
    return [tick * unit for tick in ticks], top * unit


def _times(place: Place, left: float, right: float, bottom: float) -> Iterator[str]:
    """The time axis."""
    span = place.until - place.since
    step = next((one for one in (300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600) if span / one <= 8), 43200)  # noqa: PLR2004 - labels that fit
    moment = ceil(place.since / step) * step
    while moment <= place.until:
        yield svg.text(place.at(moment, left, right), bottom + 15, svg.clock(moment), "q s", "middle")
        moment += step


def _names(target: Mapping[str, Any], answer: tuple[Series, ...]) -> Iterator[tuple[str, Series]]:
    for one in answer:
        yield _legend(target, one.labels), one


class _Line(NamedTuple):
    """A line of a graph."""

    name: str
    series: Series
    colour: str
    stacked: bool
    dashed: bool


def _lines(panel: Answered) -> Iterator[_Line]:
    """The lines of a graph, the largest of each query first."""
    number = 0
    all_stacked = panel.defaults.get("custom", {}).get("stacking", {}).get("mode") == "normal"
    for target, answer in panel.targets():
        properties = panel.overrides("byFrameRefID", str(target["refId"]))
        stacked = all_stacked and properties.get("custom.stacking", {}).get("mode") != "none"
        dashed = properties.get("custom.lineStyle", {}).get("fill") == "dash"
        fixed = properties.get("color", {}).get("fixedColor")
        for name, one in sorted(_names(target, answer), key=lambda pair: -pair[1].points[-1][1]):
            yield _Line(name, one, fixed or svg.SERIES[number % len(svg.SERIES)], stacked, dashed)
            number += not fixed


def _graph(panel: Answered, place: Place) -> Iterator[str]:
    lines = list(_lines(panel))
    if not lines:
        yield svg.text(place.x + _PAD, place.y + 44, str(panel.defaults.get("noValue", "no data")), "q")
        return
    unit = str(panel.defaults.get("unit", "none"))
    ticks, top = (_binary_ticks if unit == "bytes" else _ticks)(_highest(lines))
    left, right = place.x + _AXIS + 8, place.x + place.width - 168
    upper, bottom = place.y + _HEAD + 8, place.y + place.height - 28

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return place.at(point[0], left, right), bottom - (bottom - upper) * point[1] / top

    for tick in ticks:
        y = at((place.since, tick))[1]
        yield svg.rule(left, y, right, y)
        yield svg.text(left - 8, y + 4, units.text(tick, unit), "q s", "end")
    yield from _times(place, left, right, bottom)
    below: dict[float, float] = {}
    for one in lines:
        if one.stacked:
            raised = [(moment, below.get(moment, 0.0) + value) for moment, value in one.series.points]
            lower = [at((moment, below.get(moment, 0.0))) for moment, _ in one.series.points]
            yield svg.area(list(map(at, raised)), lower, one.colour)
            below |= dict(raised)
        else:
            yield svg.line(map(at, one.series.points), one.colour, 2, "8 6" if one.dashed else "")
    yield from _key(lines, place, right + 14, upper, unit)


def _highest(lines: Iterable[_Line]) -> float:
    """The top of a stack, or of a line outside it."""
    sums: dict[float, float] = {}
    most = 0.0
    for one in lines:
        for moment, value in one.series.points:
            if one.stacked:
                sums[moment] = sums.get(moment, 0.0) + value
            else:
                most = max(most, value)
    return max([most, *sums.values()])


def _key(lines: Sequence[_Line], place: Place, x: float, y: float, unit: str) -> Iterator[str]:
    room = int((place.height - _HEAD - 16) / 17)
    for number, one in enumerate(lines[:room]):
        yield svg.rect(x, y + number * 17 - 1, 9, 9, fill=one.colour, radius=2)
        yield svg.text(x + 14, y + number * 17 + 8, svg.clipped(one.name, 74, 11), "t s")
        value = units.text(one.series.points[-1][1], unit)
        yield svg.text(place.x + place.width - 10, y + number * 17 + 8, value, "q s", "end")


def _states(panel: Answered, place: Place) -> Iterator[str]:
    found = sorted(
        (pair for target, answer in panel.targets() for pair in _names(target, answer)), key=lambda one: one[0]
    )
    left, right = place.x + 110, place.x + place.width - _PAD
    upper, bottom = place.y + _HEAD + 4, place.y + place.height - 28
    height = (bottom - upper) / max(1, len(found))
    for number, (name, one) in enumerate(found):
        y = upper + number * height
        yield svg.text(left - 8, y + height / 2 + 4, svg.clipped(name, 96), "q", "end")
        for begins, ends, value in _spans(one):
            colour = _mapped(value, panel.defaults)[1] or colours.QUIET
            start, stop = place.at(begins, left, right), place.at(ends, left, right)
            yield svg.rect(start, y + 2, stop - start, height - 4, fill=colour, radius=1)
    yield from _times(place, left, right, bottom)


def _spans(series: Series) -> Iterator[tuple[float, float, float]]:
    """(begin, end, value) of each time in which a value stays the same."""
    points = series.points
    step = min((later[0] - earlier[0] for earlier, later in pairwise(points)), default=60.0)
    begins, value = points[0]
    last = begins
    for at, now in points[1:]:
        if now != value or at - last > 3 * step:
            yield begins, at if at - last <= 3 * step else last, value
            begins, value = at, now
        last = at
    yield begins, last + step, value


_DRAW: Final = {"stat": _stat, "bargauge": _bars, "table": _table, "timeseries": _graph, "state-timeline": _states}
