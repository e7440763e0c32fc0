"""Conversion of a classic dashboard to a resource of schema v2.

The conversion is lossless: every key of a canonical dashboard has a place in schema v2, and keys of annotations without
one go to their `legacyOptions`, as in Grafana's own conversion. There are two versions: v2 of Grafana 13, and v2beta1
of 12.2 to 12.4, which differ in the name of a transformation (measured on 12.4, which rejects v2).
"""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.grafana import tree
from boxwatch.grafana.schema_v2 import annotation, layout, panel, variable
from boxwatch.grafana.tree import Node, node, nodes, number, text

VERSIONS = ("v2", "v2beta1")
_GROUP = "dashboard.grafana.app"
_CURSOR = ("Off", "Crosshair", "Tooltip")
_AS_THEY_ARE = ("description", "editable", "revision")
# Grafana's default if a dashboard states none.
_INTERVALS = ["5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h", "2h", "1d"]


def to_v2(dashboard: Mapping[str, object], version: str = "v2") -> Node:
    """The resource of a canonical dashboard, in one of VERSIONS; the argument is not changed."""
    uid = text(dashboard.get("uid"))
    return {
        "apiVersion": f"{_GROUP}/{version}",
        "kind": "Dashboard",
        "metadata": {"name": uid} if uid else {},
        "spec": spec(dashboard, version),
    }


def spec(dashboard: Mapping[str, object], version: str = "v2") -> Node:
    """The `spec` of the resource, without its metadata."""
    panels = nodes(dashboard.get("panels"))
    elements = (panel.element(each, version) for each in tree.panels(dashboard) if each.get("type") != "row")
    made: Node = {key: dashboard[key] for key in _AS_THEY_ARE if key in dashboard}
    crosshair = int(number(dashboard.get("graphTooltip")))
    return made | {
        "annotations": [annotation.to_v2(each) for each in tree.marks(dashboard)],
        "cursorSync": _CURSOR[crosshair] if crosshair in range(len(_CURSOR)) else _CURSOR[0],
        "elements": dict(elements),
        "layout": layout.to_v2(panels),
        "links": nodes(dashboard.get("links")),
        "liveNow": dashboard.get("liveNow") is True,
        "preload": dashboard.get("preload") is True,
        "tags": dashboard.get("tags", []),
        "timeSettings": _time(dashboard),
        "title": text(dashboard.get("title")),
        "variables": [found for each in tree.variables(dashboard) if (found := variable.to_v2(each)) is not None],
    }


def _time(dashboard: Mapping[str, object]) -> Node:
    period, picker = node(dashboard.get("time")), node(dashboard.get("timepicker"))
    made: Node = {
        "autoRefresh": text(dashboard.get("refresh")),
        "autoRefreshIntervals": picker.get("refresh_intervals", _INTERVALS),
        "fiscalYearStartMonth": int(number(dashboard.get("fiscalYearStartMonth"))),
        "from": text(period.get("from")) or "now-6h",
        "hideTimepicker": picker.get("hidden") is True,
        "timezone": text(dashboard.get("timezone")),
        "to": text(period.get("to")) or "now",
    }
    if text(dashboard.get("weekStart")):
        made["weekStart"] = dashboard["weekStart"]
    if text(picker.get("nowDelay")):
        made["nowDelay"] = picker["nowDelay"]
    if picker.get("quick_ranges"):
        made["quickRanges"] = picker["quick_ranges"]
    return made
