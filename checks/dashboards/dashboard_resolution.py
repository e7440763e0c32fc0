"""A graph is limited to a few points: short peaks disappear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import tree

ID = "dashboard_resolution"

# A graph on half a laptop screen has more pixels.
_LEAST = 300


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """grafanalib, for one, writes maxDataPoints 100 into every panel."""
    for panel in tree.plots(dashboard):
        points = tree.number(panel.get("maxDataPoints"), _LEAST)
        if panel.get("type") == "timeseries" and points < _LEAST:
            message = f"the graph has at most {points:g} points"
            yield Finding(file, tree.name(panel), ID, "warning", message, "remove maxDataPoints")
