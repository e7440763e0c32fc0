"""Repairs of graphs over time: timeseries, state-timeline, status-history, heatmap."""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.grafana.repairs.stat import fill, forget
from boxwatch.grafana.tree import Node, child, node, text

# Grafana's defaults since 9.4; stated, they take forty lines in every panel (grafana#13887).
_ASSUMED: Node = {
    "axisBorderShow": False,
    "axisCenteredZero": False,
    "axisColorMode": "text",
    "axisLabel": "",
    "axisPlacement": "auto",
    "barAlignment": 0,
    "barWidthFactor": 0.6,
    "drawStyle": "line",
    "fillOpacity": 0,
    "gradientMode": "none",
    "hideFrom": {"legend": False, "tooltip": False, "viz": False},
    "insertNulls": False,
    "lineInterpolation": "linear",
    "lineWidth": 1,
    "pointSize": 5,
    "scaleDistribution": {"type": "linear"},
    "showPoints": "auto",
    "spanNulls": False,
    "stacking": {"group": "A", "mode": "none"},
    "thresholdsStyle": {"mode": "off"},
}


# Line options of the panel's first versions, in Grafana 7.4.
_OF_ALPHA = ("axis", "bars", "fill", "fillGradient", "line", "nullValues", "points")


def _legend(options: Node, *, shown: bool) -> None:
    legend = child(options, "legend")
    if legend.get("displayMode") == "hidden":
        legend |= {"displayMode": "list", "showLegend": False}
    fill(legend, {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": shown})


def _tooltip(options: Node) -> None:
    fill(child(options, "tooltip"), {"mode": "single", "sort": "none"})


def repair_timeseries(panel: Node) -> None:
    """Complete partial objects, and drop Grafana's defaults."""
    custom = child(child(child(panel, "fieldConfig"), "defaults"), "custom")
    scale = node(custom.get("scaleDistribution"))
    if scale.get("type", "linear") == "linear":
        scale.pop("log", None)
    if custom.get("stacking") == {}:
        del custom["stacking"]
    hidden = custom.get("hideFrom")
    if isinstance(hidden, dict):
        # Before Grafana 8, `viz` was called `graph`, and there was no tooltip option.
        said = {"viz": hidden.pop("graph", False) is True, "legend": False, "tooltip": False}
        custom["hideFrom"] = said | {key: value for key, value in hidden.items() if key in said}
    for key in _OF_ALPHA:
        custom.pop(key, None)
    forget(custom, _ASSUMED)
    options = child(panel, "options")
    _legend(options, shown=True)
    _tooltip(options)


def repair_state_timeline(panel: Node) -> None:
    """Complete the legend and tooltip, and set a source of colours."""
    options = child(panel, "options")
    fill(options, {"rowHeight": 0.9, "showValue": "auto"})
    # Without perPage: Grafana's editor presets 20 for new panels, but a panel without it has no pages.
    forget(options, {"alignValue": "left", "mergeValues": True})
    _legend(options, shown=True)
    _tooltip(options)


def repair_status_history(panel: Node) -> None:
    """Complete the legend and tooltip."""
    options = child(panel, "options")
    fill(options, {"rowHeight": 0.9, "showValue": "auto"})
    forget(options, {"colWidth": 0.9})
    _legend(options, shown=True)
    _tooltip(options)


_OLD_HEATMAP = (
    "cards", "color", "dataFormat", "heatmap", "hideZeroBuckets", "highlightCards", "legend", "reverseYBuckets",
    "tooltip", "tooltipDecimals", "xAxis", "xBucketNumber", "xBucketSize", "yAxis", "yBucketBound", "yBucketNumber",
    "yBucketSize",
)  # fmt: skip
_HEATMAP: Node = {
    "calculate": False,
    "cellGap": 1,
    "color": {
        "exponent": 0.5,
        "fill": "dark-orange",
        "mode": "scheme",
        "reverse": False,
        "scale": "exponential",
        "scheme": "Oranges",
        "steps": 64,
    },
    "exemplars": {"color": "rgba(255,0,255,0.7)"},
    "filterValues": {"le": 1e-9},
    "legend": {"show": True},
    "rowsFrame": {"layout": "auto"},
    "showValue": "never",
    "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": False},
    "yAxis": {"axisPlacement": "left", "reverse": False},
}


def repair_heatmap(panel: Node) -> None:
    """Move a heatmap's settings from the panel, their place before 9.1 and in grafanalib, into its options."""
    old: Node = {key: panel.pop(key) for key in _OLD_HEATMAP if key in panel}
    options = child(panel, "options")
    if old:
        fill(options, _of_old_heatmap(old))
    fill(options, _HEATMAP)


def _of_old_heatmap(old: Mapping[str, object]) -> Node:
    axis = node(old.get("yAxis"))
    y_axis: Node = {"axisPlacement": "left", "reverse": old.get("reverseYBuckets") is True}
    if text(axis.get("format")):
        y_axis["unit"] = axis["format"]
    for key in ("min", "max", "decimals"):
        if isinstance(axis.get(key), int | float):
            y_axis[key] = axis[key]
    tooltip = node(old.get("tooltip"))
    return {
        "calculate": old.get("dataFormat") == "timeseries",
        "filterValues": {"le": 1e-9} if old.get("hideZeroBuckets") else {},
        "legend": {"show": node(old.get("legend")).get("show") is not False},
        "tooltip": {
            "mode": "single" if tooltip.get("show", True) else "none",
            "showColorScale": False,
            "yHistogram": tooltip.get("showHistogram") is True,
        },
        "yAxis": y_axis,
    }
