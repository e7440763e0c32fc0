"""The timeline of a scenario as a picture: what happened, and when which alert was notified and resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from boxwatch.dashboards.panels import colours
from boxwatch.simulation.pictures import svg
from boxwatch.simulation.timeline import Notice

ROW: Final = 26.0
_HEAD: Final = 62.0
_LEFT: Final = 330.0
_COLOURS: Final = {"critical": colours.BAD, "warning": colours.NEAR}


def minutes(seconds: float) -> str:
    """A time after the start of a scenario."""
    return f"{seconds / 60:.1f} min"


def intervals(notices: Iterable[Notice], until: float) -> list[tuple[Notice, float]]:
    """Each alert with the moment at which it was resolved, or the end."""
    found: list[tuple[Notice, float]] = []
    waiting: dict[frozenset[tuple[str, str]], Notice] = {}
    for notice in notices:
        same = frozenset(notice.labels.items())
        if notice.status == "firing":
            waiting[same] = notice
        elif same in waiting:
            found.append((waiting.pop(same), notice.at))
    return sorted([*found, *((notice, until) for notice in waiting.values())], key=lambda pair: pair[0].at)


def height(notices: Iterable[Notice], what: Iterable[tuple[float, str]]) -> float:
    """How high the picture is."""
    return _HEAD + ROW * (len(intervals(notices, 0)) + len(tuple(what))) + 26


def draw(  # noqa: PLR0913, PLR0917 - what a timeline shows
    x: float, y: float, width: float, notices: tuple[Notice, ...], what: tuple[tuple[float, str], ...],
    start: float, until: float, title: str,
) -> Iterator[str]:  # fmt: skip
    """The timeline at a place."""
    whole = height(notices, what)
    left, right = x + _LEFT, x + width - 24
    span = max(1.0, until - start)

    def at(moment: float) -> float:
        return left + (right - left) * (moment - start) / span

    yield svg.rect(x, y, width, whole, style="card", radius=6)
    yield svg.text(x + 12, y + 20, title, "t h")
    step = next(one for one in (60, 120, 300, 600, 1200, 1800, 3600, 7200) if span / one <= 12)  # noqa: PLR2004 - labels that fit
    for number in range(int(span // step) + 1):
        edge = at(start + number * step)
        yield svg.rule(edge, y + 46, edge, y + whole - 10)
        yield svg.text(edge, y + 40, f"{number * step // 60} min", "q s", "middle")
    row = y + _HEAD
    for seconds, words in what:
        edge = at(start + seconds)
        yield svg.text(x + 12, row + 5, svg.clipped(words, _LEFT - 30), "q")
        yield svg.rule(edge, y + 46, edge, y + whole - 10, f'stroke="{colours.PLAN}" stroke-dasharray="3 3"')
        yield f'<circle cx="{edge:.1f}" cy="{row:.1f}" r="4.5" fill="{colours.PLAN}"/>'
        row += ROW
    for notice, ends in intervals(notices, until):
        colour = _COLOURS.get(notice.labels.get("severity", ""), colours.QUIET)
        yield svg.text(x + 12, row + 5, svg.clipped(f"{notice.alert} {notice.key.subject}", _LEFT - 30))
        yield svg.rect(at(notice.at), row - 8, at(ends) - at(notice.at), 16, fill=colour, radius=3)
        yield svg.text(
            at(notice.at) + 6, row + 4, svg.clipped(minutes(notice.at - start), at(ends) - at(notice.at)), "i s"
        )
        row += ROW
