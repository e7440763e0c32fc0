"""Repairs of bargauge and gauge panels, whose values grafanalib describes in Grafana 6's format."""

from __future__ import annotations

from boxwatch.grafana.repairs.stat import fill, reduce_options
from boxwatch.grafana.tree import Node, child, node

_BARGAUGE: Node = {
    "displayMode": "gradient",
    "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
    "maxVizHeight": 300,
    "minVizHeight": 16,
    "minVizWidth": 8,
    "namePlacement": "auto",
    "orientation": "auto",
    "showUnfilled": True,
    "sizing": "auto",
    "valueMode": "color",
}
_GAUGE: Node = {
    "minVizHeight": 75,
    "minVizWidth": 75,
    "orientation": "auto",
    "showThresholdLabels": False,
    "showThresholdMarkers": True,
    "sizing": "auto",
}


def repair_bargauge(panel: Node) -> None:
    """Move values, unit and limits from `options.fieldOptions` to their current place."""
    options = child(panel, "options")
    old = node(options.pop("fieldOptions", None))
    _move(old, node(old.get("defaults")), panel)
    for key in ("showThresholdLabels", "showThresholdMarkers"):
        options.pop(key, None)
    reduce_options(options)
    fill(options, _BARGAUGE)


def repair_gauge(panel: Node) -> None:
    """Move a gauge's options out of the field defaults, where grafanalib puts them."""
    options = child(panel, "options")
    field_config = child(panel, "fieldConfig")
    defaults = child(field_config, "defaults")
    for key in ("showThresholdLabels", "showThresholdMarkers"):
        if key in field_config:
            options[key] = field_config.pop(key)
    old = node(options.pop("fieldOptions", None))
    _move(old, node(old.get("defaults")), panel)
    _move(defaults, defaults, panel)
    reduce_options(options)
    fill(options, _GAUGE)


def _move(values: Node, fields: Node, panel: Node) -> None:
    """Move the reduce options and field settings."""
    reduced = child(child(panel, "options"), "reduceOptions")
    for key in ("calcs", "limit", "values"):
        value = values.pop(key, None)
        if value is not None:
            reduced.setdefault(key, value)
    defaults = child(child(panel, "fieldConfig"), "defaults")
    title = fields.pop("title", None)
    if title:
        defaults.setdefault("displayName", title)
    for key in ("decimals", "max", "min", "unit", "links"):
        if fields.get(key) not in (None, []):
            defaults.setdefault(key, fields[key])
    for key in ("mappings", "thresholds"):
        if values is not defaults and values.get(key):
            steps = values[key]
            defaults.setdefault(key, {"mode": "absolute", "steps": steps} if key == "thresholds" else steps)
