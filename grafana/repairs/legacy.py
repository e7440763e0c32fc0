"""Conversion of grafanalib's Graph and SingleStat, the most common AngularJS panels.

Grafana converts such panels in the browser each time the dashboard is opened. This writes the result to the file, where
it knows the current form of all that the panel says: unit, limits, legend, stacking, nulls, thresholds. A panel that
says more (overrides of series, colours, a second axis, a prefix, ranges), and other old types, stay marked with all
their keys, for Grafana to convert.
"""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.grafana.tree import Node, child, node, nodes, number, text

_STATS = {"avg": "mean", "current": "lastNotNull", "total": "sum", "first": "firstNotNull", "name": "lastNotNull"}
_LEGEND_CALCS = ("min", "max", "avg", "current", "total")
OF_GRAPH = (
    "aliasColors", "alert", "autoMigrateFrom", "bars", "dashLength", "dashes", "fill", "fillGradient", "grid",
    "hiddenSeries", "isNew", "legend", "lines", "linewidth", "nullPointMode", "percentage", "pointradius", "points",
    "renderer", "seriesOverrides", "spaceLength", "stack", "steppedLine", "thresholds", "timeRegions", "tooltip",
    "xAxis", "xaxis", "yaxes", "yaxis",
)  # fmt: skip
OF_SINGLESTAT = (
    "cacheTimeout", "colorBackground", "colorPostfix", "colorPrefix", "colorValue", "colors", "decimals", "format",
    "gauge", "mappingType", "mappingTypes", "nullPointMode", "nullText", "postfix", "postfixFontSize", "prefix",
    "prefixFontSize", "rangeMaps", "sparkline", "tableColumn", "thresholds", "valueFontSize", "valueMaps", "valueName",
)  # fmt: skip


def convert(panel: Node) -> None:
    """Convert a panel if it is one of the two types and complete."""
    kind = panel.get("type")
    if kind == "graph" and _is_plain_graph(panel):
        _graph(panel)
    elif kind == "singlestat" and _is_plain_singlestat(panel):
        _singlestat(panel)


# Settings of which nothing is known here when they are set; their values that mean nothing are listed beside them.
_NOTHING: tuple[object, ...] = (None, False, "", [], {})
_MORE_OF_GRAPH = ("alert", "aliasColors", "dashes", "fillGradient", "seriesOverrides", "timeRegions", "hiddenSeries")
_MORE_OF_LEGENDS = ("sort", "hideEmpty", "hideZero", "sideWidth")
_MORE_OF_SINGLESTAT = ("postfix", "prefix", "nullText", "rangeMaps", "tableColumn", "colorPostfix", "colorPrefix")
# What Grafana's own editor wrote for a new panel, without a meaning of its own.
_NULL_TO_TEXT: list[object] = [{"from": "null", "text": "N/A", "to": "null"}]


def _is_plain_graph(panel: Node) -> bool:
    """Whether a graph says nothing but what is converted here."""
    axis = node(panel.get("xaxis", panel.get("xAxis")))
    axes = nodes(panel.get("yaxes"))
    left = axes[0] if axes else {}
    legend = node(panel.get("legend"))
    return (
        axis.get("mode", "time") == "time"
        and axis.get("show") is not False
        and all(panel.get(key) in _NOTHING for key in _MORE_OF_GRAPH)
        and all(legend.get(key) in _NOTHING for key in _MORE_OF_LEGENDS)
        and left.get("show") is not False
        and left.get("label") in _NOTHING
        and left.get("logBase", 1) in (None, 1)
        and all(not text(left.get(key)) for key in ("min", "max", "decimals"))
        and not (panel.get("points") and panel.get("pointradius") not in (None, 5))
        and all(step.get("op", "gt") == "gt" and step.get("yaxis", "left") == "left" for step in _thresholds(panel))
    )


def _thresholds(panel: Node) -> list[Node]:
    return nodes(panel.get("thresholds"))


def _is_plain_singlestat(panel: Node) -> bool:
    """Whether a single stat says nothing but what is converted here."""
    more = {key: panel.get(key) for key in _MORE_OF_SINGLESTAT}
    if more["rangeMaps"] == _NULL_TO_TEXT:
        del more["rangeMaps"]
    gauge = node(panel.get("gauge"))
    return all(value in _NOTHING for value in more.values()) and not gauge.get("thresholdLabels")


def _graph(panel: Node) -> None:
    old = {key: panel.pop(key, None) for key in OF_GRAPH}
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
    old = {key: panel.pop(key, None) for key in OF_SINGLESTAT}
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
