"""Defaults that Grafana fills in when it stores a dashboard."""

from __future__ import annotations

from boxwatch.grafana.canonical import ids
from boxwatch.grafana.tree import Node, child, marks, nodes, variables

# Written by exporters and Grafana's share dialogue; not part of a stored dashboard.
_SHARED = ("__elements", "__inputs", "__requires")


def apply(dashboard: Node) -> None:
    """Fill in missing keys of the dashboard and its panels."""
    for key in _SHARED:
        dashboard.pop(key, None)
    _fill(
        dashboard,
        {
            "title": "No Title",
            "tags": [],
            "timezone": "",
            "weekStart": "",
            "editable": True,
            "graphTooltip": 0,
            "time": {"from": "now-6h", "to": "now"},
            "timepicker": {},
            "fiscalYearStartMonth": 0,
            "links": [],
        },
    )
    for key in ("templating", "annotations"):
        _fill(child(dashboard, key), {"list": []})
    for variable in variables(dashboard):
        _drop_empty_choice(variable)
    for panel in nodes(dashboard.get("panels")):
        _panel(panel)
    for row in nodes(dashboard.get("rows")):
        if not row.get("collapse"):
            for panel in nodes(row.get("panels")):
                _panel(panel)
    ids.make_unique(dashboard)


def _fill(target: Node, values: Node) -> None:
    for key, value in values.items():
        if target.get(key) is None:
            target[key] = value


def _drop_empty_choice(variable: Node) -> None:
    current = variable.get("current")
    if not isinstance(current, dict) or "value" not in current:
        return
    value = current["value"]
    if value is None or (isinstance(value, list) and None in value):
        del current["value"]


def _panel(panel: Node) -> None:
    _fill(
        panel,
        {
            "gridPos": {"x": 0, "y": 0, "h": 3, "w": 6},
            "targets": [{"refId": "A"}],
            "transparent": False,
            "options": {},
            "links": [],
            "title": "",
        },
    )
    field_config = panel.setdefault("fieldConfig", {})
    if isinstance(field_config, dict):
        field_config.setdefault("defaults", {})
        field_config.setdefault("overrides", [])
    ids.name_targets(panel)


def add_builtin_annotation(dashboard: Node) -> None:
    """Add the annotation that every dashboard has: annotations made in Grafana, and Grafana's own alerts."""
    existing = marks(dashboard)
    if any(annotation.get("builtIn") == 1 for annotation in existing):
        return
    builtin: Node = {
        "datasource": {"uid": "-- Grafana --", "type": "grafana"},
        "name": "Annotations & Alerts",
        "type": "dashboard",
        "iconColor": "rgba(0, 211, 255, 1)",
        "enable": True,
        "hide": True,
        "builtIn": 1,
    }
    child(dashboard, "annotations")["list"] = [builtin, *existing]
