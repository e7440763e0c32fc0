"""The panels of a built dashboard with the answers of the real Prometheus to their own queries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from boxwatch.simulation.api import Api, Series
from boxwatch.simulation.pace import Pace

# Points of a line: more cannot be seen.
_POINTS: Final = 240
_VARIABLE: Final = re.compile(r"\$\{?(\w+)(?::\w+)?\}?")
_RATE: Final = 4


@dataclass(frozen=True, slots=True)
class Answered:
    """A panel and its answers.

    Attributes:
        panel: as built.
        answers: refId → the series, with times on the box's clock.
    """

    panel: Mapping[str, Any]
    answers: Mapping[str, tuple[Series, ...]]

    @property
    def title(self) -> str:
        """Its title."""
        return str(self.panel.get("title", ""))

    @property
    def kind(self) -> str:
        """Its type."""
        return str(self.panel["type"])

    @property
    def place(self) -> tuple[int, int, int, int]:
        """x, y, width and height on the grid."""
        grid = self.panel["gridPos"]
        return grid["x"], grid["y"], grid["w"], grid["h"]

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The defaults of its field configuration."""
        found: Mapping[str, Any] = self.panel.get("fieldConfig", {}).get("defaults", {})
        return found

    def overrides(self, matcher: str, value: str) -> dict[str, Any]:
        """Property → value of the overrides for a field."""
        return {
            one["id"]: one["value"]
            for override in self.panel.get("fieldConfig", {}).get("overrides", ())
            if override["matcher"] == {"id": matcher, "options": value}
            for one in override["properties"]
        }

    def targets(self) -> Iterator[tuple[Mapping[str, Any], tuple[Series, ...]]]:
        """Its queries, each with its answer."""
        for target in self.panel.get("targets", ()):
            yield target, self.answers.get(target["refId"], ())


def expand(query: str, variables: Mapping[str, str], interval: float, span: float) -> str:
    """A query with its variables as Grafana writes them; a variable that is not given selects everything."""
    step = max(1, round(interval))
    known = {
        "__rate_interval": f"{_RATE * step}s", "__rate_interval_ms": str(_RATE * step * 1000), "__interval": f"{step}s",
        "__interval_ms": str(step * 1000), "__range": f"{round(span)}s", "__range_s": str(round(span)),
        "__range_ms": str(round(span * 1000)), **variables,
    }  # fmt: skip
    return _VARIABLE.sub(lambda match: known.get(match[1], ".+"), query)


@dataclass(frozen=True, slots=True)
class Window:
    """The time that panels show, on the box's clock.

    Attributes:
        since: where graphs begin.
        until: where they end.
        at: the moment of single values and tables.
        interval: seconds between two scrapes.
    """

    since: float
    until: float
    at: float
    interval: float


def ask(dashboard: Mapping[str, Any], api: Api, pace: Pace, window: Window) -> tuple[Answered, ...]:
    """Ask every query of a dashboard."""
    panels = dashboard["panels"]
    with ThreadPoolExecutor(4) as pool:
        return tuple(pool.map(lambda panel: _answered(panel, api, pace, window), panels))


def _answered(panel: Mapping[str, Any], api: Api, pace: Pace, window: Window) -> Answered:
    span = window.until - window.since
    step = max(window.interval, span / _POINTS)
    answers = {}
    for target in panel.get("targets", ()):
        query = pace.query(expand(str(target["expr"]), {}, step, span))
        found = (
            api.instant(query, pace.wall(window.at))
            if target.get("instant")
            else api.range(query, pace.wall(window.since), pace.wall(window.until), pace.wait(step))
        )
        answers[str(target["refId"])] = tuple(
            Series(one.labels, tuple((pace.box(at), value) for at, value in one.points)) for one in found
        )
    return Answered(panel, answers)
