"""Plain form, without the defaults of every panel that a save in Grafana's front end writes out.

Dashboards that differ only in these defaults are equal in plain form. It serves comparison and is never published: what
it omits, such as `editable`, matters on the server.

The defaults are those of Grafana 12.4: of the panel plugins (`module.tsx`, `config.ts` and `panelcfg.cue` of each in
`public/app/plugins/panel`), of the options that they share (`packages/grafana-ui/src/options/builder`), of the standard
field options, and of the dashboard's schema (`kinds/dashboard/dashboard_kind.cue`). The output of a save was recorded
in a browser.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Final

from boxwatch.grafana.tree import Node, marks, node, nodes, panels, text, variables

# A read-only dashboard has to be made editable before it can be saved, so this key of a save carries no intent.
_OF_ANY_SAVE: Final = ("editable",)
DASHBOARD: Final[Node] = {"preload": False}
ANNOTATION: Final[Node] = {"enable": True, "hide": False, "builtIn": 0}
VARIABLE: Final[Node] = {
    "allowCustomValue": True,
    "hide": 0,
    "includeAll": False,
    "multi": False,
    "options": [],
    "regex": "",
    "regexApplyTo": "value",
    "skipUrlSync": False,
    "sort": 0,
}
# A data source variable has neither: its options are looked up when the dashboard opens, in their own order.
_NOT_OF_SOURCES: Final = ("refresh", "sort")

_HIDE_FROM: Final[Node] = {"hideFrom": {"legend": False, "tooltip": False, "viz": False}}
_LINEAR: Final[Node] = {"scaleDistribution": {"type": "linear"}}
_LEGEND: Final[Node] = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
_TOOLTIP: Final[Node] = {"hideZeros": False, "mode": "single", "sort": "none"}
_REDUCED: Final[Node] = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}

# By panel type: `fieldConfig.defaults.custom`.
CUSTOM: Final[dict[str, Node]] = {
    "timeseries": {
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
        **_HIDE_FROM,
        "insertNulls": False,
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "pointSize": 5,
        **_LINEAR,
        "showPoints": "auto",
        "showValues": False,
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "none"},
        "thresholdsStyle": {"mode": "off"},
    },
    "state-timeline": {
        "axisPlacement": "auto",
        "fillOpacity": 70,
        **_HIDE_FROM,
        "insertNulls": False,
        "lineWidth": 0,
        "spanNulls": False,
    },
    "status-history": {"axisPlacement": "auto", "fillOpacity": 70, **_HIDE_FROM, "lineWidth": 1},
    "table": {"align": "auto", "cellOptions": {"type": "auto"}, "footer": {"reducers": []}, "inspect": False},
    "heatmap": {**_HIDE_FROM, **_LINEAR},
    "piechart": dict(_HIDE_FROM),
}

# By panel type: `options`.
OPTIONS: Final[dict[str, Node]] = {
    "timeseries": {"legend": _LEGEND, "tooltip": _TOOLTIP},
    "state-timeline": {
        "alignValue": "left",
        "legend": _LEGEND,
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "auto",
        "tooltip": _TOOLTIP,
    },
    "status-history": {
        "colWidth": 0.9,
        "legend": _LEGEND,
        "rowHeight": 0.9,
        "showValue": "auto",
        "tooltip": _TOOLTIP,
    },
    "stat": {
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        **_REDUCED,
        "showPercentChange": False,
        "textMode": "auto",
        "wideLayout": True,
    },
    "gauge": {
        "minVizHeight": 75,
        "minVizWidth": 75,
        "orientation": "auto",
        **_REDUCED,
        "showThresholdLabels": False,
        "showThresholdMarkers": True,
        "sizing": "auto",
    },
    "bargauge": {
        "displayMode": "gradient",
        "maxVizHeight": 300,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "orientation": "auto",
        **_REDUCED,
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "color",
    },
    "table": {"cellHeight": "sm", "frameIndex": 0, "showHeader": True, "showTypeIcons": False},
    "heatmap": {
        "calculate": False,
        "cellGap": 1,
        "color": {"exponent": 0.5, "fill": "dark-orange", "reverse": False, "scheme": "Oranges", "steps": 64},
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "selectionMode": "x",
        "showValue": "auto",
    },
    "text": {
        "code": {"language": "plaintext", "showLineNumbers": False, "showMiniMap": False},
        "mode": "markdown",
    },
    "dashlist": {
        "includeVars": False,
        "keepTime": False,
        "maxItems": 10,
        "query": "",
        "showFolderNames": True,
        "showHeadings": True,
        "showRecentlyViewed": False,
        "showSearch": False,
        "showStarred": True,
    },
}

# Standard field options: `fieldConfig.defaults`.
FIELD: Final[Node] = {"mappings": []}
_BY_VALUE: Final[Node] = {"color": {"mode": "thresholds"}}
_BY_SERIES: Final[Node] = {"color": {"mode": "palette-classic"}}
COLOUR: Final[dict[str, Node]] = {
    "timeseries": _BY_SERIES,
    "piechart": _BY_SERIES,
    "stat": _BY_VALUE,
    "gauge": _BY_VALUE,
    "bargauge": _BY_VALUE,
    "table": _BY_VALUE,
    "status-history": _BY_VALUE,
    "state-timeline": {"color": {"mode": "continuous-GrYlRd"}},
}
THRESHOLDS: Final[Node] = {"mode": "absolute", "steps": [{"color": "green"}, {"color": "red", "value": 80}]}
# The heatmap plugin disables all but links, and a save drops options unknown to the plugin.
_OFF_IN_HEATMAPS: Final = (
    "color", "decimals", "displayName", "filterable", "mappings", "max", "min", "noValue", "thresholds", "unit",
)  # fmt: skip


def plain(dashboard: Mapping[str, object]) -> Node:
    """A canonical dashboard without the defaults that the front end writes; the argument is not changed.

    Dashboards that are equal in this form look and behave the same to their viewers.
    """
    made: Node = copy.deepcopy(dict(dashboard))
    for key in _OF_ANY_SAVE:
        made.pop(key, None)
    _drop(made, DASHBOARD)
    for annotation in marks(made):
        _drop(annotation, ANNOTATION)
    for variable in variables(made):
        if variable.get("type") == "datasource":
            for key in _NOT_OF_SOURCES:
                variable.pop(key, None)
        _drop(variable, VARIABLE)
    for panel in panels(made):
        _panel(panel)
    return made


def _panel(panel: Node) -> None:
    # Version of the Grafana that saved it.
    panel.pop("pluginVersion", None)
    kind = text(panel.get("type"))
    _drop(node(panel.get("options")), OPTIONS.get(kind, {}))
    _drop_empty(panel, "options")
    fields = panel.get("fieldConfig")
    if isinstance(fields, dict):
        _fields(fields, kind)
        if not fields.get("defaults") and not fields.get("overrides"):
            del panel["fieldConfig"]


def _fields(config: Node, kind: str) -> None:
    for override in nodes(config.get("overrides")):
        for each in nodes(override.get("properties")):
            if each.get("id") == "thresholds":
                _open_below(node(each.get("value")))
    defaults = config.get("defaults")
    if not isinstance(defaults, dict):
        return
    if kind == "heatmap":
        for key in _OFF_IN_HEATMAPS:
            defaults.pop(key, None)
    _drop(defaults, {**FIELD, **COLOUR.get(kind, {})})
    _drop(node(defaults.get("custom")), CUSTOM.get(kind, {}))
    _drop_empty(defaults, "custom")
    _open_below(node(defaults.get("thresholds")))
    if defaults.get("thresholds") == THRESHOLDS:
        del defaults["thresholds"]


def _open_below(thresholds: Node) -> None:
    """The first step starts at minus infinity, whatever its number; a save writes another number."""
    for step in nodes(thresholds.get("steps"))[:1]:
        step.pop("value", None)


def _drop(target: Node, defaults: Mapping[str, object]) -> None:
    """Remove every value that equals its default, recursively."""
    for key, default in defaults.items():
        if key not in target:
            continue
        value = target[key]
        if isinstance(default, dict) and isinstance(value, dict):
            _drop(value, default)
            _drop_empty(target, key)
        elif _same(value, default):
            del target[key]


def _same(value: object, default: object) -> bool:
    # 0 == False in Python, but not in JSON.
    return value == default and isinstance(value, bool) == isinstance(default, bool)


def _drop_empty(target: Node, key: str) -> None:
    if target.get(key) == {}:
        del target[key]
