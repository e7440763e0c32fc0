"""Conversion of grafanalib's Graph and SingleStat, the most common AngularJS panels.

Grafana converts such panels in the browser each time the dashboard is opened. This writes the result to the file, with
the settings that matter to readers: unit, limits, legend, stacking, nulls, thresholds. Other old types stay marked, for
Grafana to convert.
"""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.grafana.tree import Node, child, node, nodes, number, text

_STATS = {"avg": "mean", "current": "lastNotNull", "total": "sum", "first": "firstNotNull", "name": "lastNotNull"}
_LEGEND_CALCS = ("min", "max", "avg", "current", "total")
_OF_GRAPH = (
    "aliasColors", "alert", "autoMigrateFrom", "bars", "dashLength", "dashes", "fill", "fillGradient", "grid",
    "hiddenSeries", "isNew", "legend", "lines", "linewidth", "nullPointMode", "percentage", "pointradius", "points",
    "renderer", "seriesOverrides", "spaceLength", "stack", "steppedLine", "thresholds", "timeRegions", "tooltip",
    "xAxis", "xaxis", "yaxes", "yaxis",
)  # fmt: skip
_OF_SINGLESTAT = (
    "cacheTimeout", "colorBackground", "colorPostfix", "colorPrefix", "colorValue", "colors", "decimals", "format",
    "gauge", "mappingType", "mappingTypes", "nullPointMode", "nullText", "postfix", "postfixFontSize", "prefix",
    "prefixFontSize", "rangeMaps", "sparkline", "tableColumn", "thresholds", "valueFontSize", "valueMaps", "valueName",
)  # fmt: skip


def convert(panel: Node) -> None:
    """Convert a panel if it is one of the two types and complete."""
    kind = panel.get("type")
    if kind == "graph" and node(panel.get("xaxis", panel.get("xAxis"))).get("mode", "time") == "time":
        _graph(panel)
    elif kind == "singlestat":
        _singlestat(panel)


def _graph(panel: Node) -> None:
    old = {key: panel.pop(key, None) for key in _OF_GRAPH}
    axes = nodes(old["yaxes"])
    left = axes[0] if axes else {}
    defaults = child(child(panel, "fieldConfig"), "defaults")
    if text(left.get("format")) and not defaults.get("unit"):
        defaults["unit"] = left["format"]
    for key in ("min", "max", "decimals"):
        if isinstance(left.get(key), int | float):
            defaults.setdefault(key, left[key])
    if isinstance(old["thresholds"], list):
        steps = sorted(nodes(old["thresholds"]), key=lambda step: number(step.get("value")))
        made = [{"color": _threshold_colour(step), "value": number(step.get("value"))} for step in steps]
        defaults["thresholds"] = {"mode": "absolute", "steps": [{"color": "green"}, *made]}
    custom = child(defaults, "custom")
    custom |= {
        "drawStyle": "bars" if old["bars"] else "line" if old["lines"] is not False else "points",
        "fillOpacity": min(number(old["fill"]) * 10, 100),
        "lineInterpolation": "stepAfter" if old["steppedLine"] else "linear",
        "lineWidth": number(old["linewidth"], 1),
        "showPoints": "always" if old["points"] else "never",
        "spanNulls": old["nullPointMode"] == "connected",
        "stacking": {"group": "A", "mode": _stacking(old)},
    }
    if defaults.get("thresholds") and nodes(old["thresholds"]):
        custom["thresholdsStyle"] = {"mode": "line"}
    panel["type"] = "timeseries"
    panel["options"] = {"legend": _legend(node(old["legend"])), "tooltip": _tooltip(node(old["tooltip"]))}


def _stacking(old: Mapping[str, object]) -> str:
    if not old["stack"]:
        return "none"
    return "percent" if old["percentage"] else "normal"


def _threshold_colour(step: Node) -> str:
    named = {"critical": "red", "warning": "orange", "ok": "green"}
    return named.get(text(step.get("colorMode")), text(step.get("fillColor")) or "red")


def _legend(old: Node) -> Node:
    calcs = [_STATS.get(name, name) for name in _LEGEND_CALCS if old.get(name)] if old.get("values") else []
    return {
        "calcs": calcs,
        "displayMode": "table" if old.get("alignAsTable") else "list",
        "placement": "right" if old.get("rightSide") else "bottom",
        "showLegend": old.get("show") is not False,
    }


def _tooltip(old: Node) -> Node:
    order = {1: "asc", 2: "desc"}.get(int(number(old.get("sort"))), "none")
    return {"mode": "multi" if old.get("shared", True) else "single", "sort": order}


def _singlestat(panel: Node) -> None:
    old = {key: panel.pop(key, None) for key in _OF_SINGLESTAT}
    defaults = child(child(panel, "fieldConfig"), "defaults")
    if text(old["format"]) and not defaults.get("unit"):
        defaults["unit"] = old["format"]
    if isinstance(old["decimals"], int):
        defaults.setdefault("decimals", old["decimals"])
    mappings = [{"type": 1, "value": each.get("value"), "text": each.get("text")} for each in nodes(old["valueMaps"])]
    if mappings:
        # Still numbered: the migration to schema version 30 names them.
        defaults["mappings"] = [each for each in mappings if each["value"] not in (None, "")]
    colours = old["colors"] if isinstance(old["colors"], list) else []
    limits = [limit for limit in text(old["thresholds"]).split(",") if limit.strip()]
    if colours:
        rest = [{"color": colour, "value": limit} for colour, limit in zip(colours[1:], limits, strict=False)]
        defaults["thresholds"] = {"mode": "absolute", "steps": [{"color": colours[0]}, *rest]}
    coloured = "background" if old["colorBackground"] else "value" if old["colorValue"] else "none"
    gauge = node(old["gauge"])
    name = text(old["valueName"])
    panel["type"] = "gauge" if gauge.get("show") else "stat"
    panel["options"] = {"reduceOptions": {"calcs": [_STATS.get(name, name or "mean")], "fields": "", "values": False}}
    if gauge.get("show"):
        defaults |= {"min": number(gauge.get("minValue")), "max": number(gauge.get("maxValue"), 100)}
    else:
        graph = "area" if node(old["sparkline"]).get("show") else "none"
        child(panel, "options").update({"colorMode": coloured, "graphMode": graph})
