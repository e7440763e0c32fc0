"""Drops values of types that no Grafana reads, so that later steps can rely on the types."""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node, nodes

_Types = tuple[type, ...]
_NUMBER: _Types = (int, float)
_NOTHING = type(None)

_DASHBOARD: Mapping[str, _Types] = {
    "annotations": (dict,), "description": (str,), "graphTooltip": _NUMBER, "links": (list,), "panels": (list,),
    "rows": (list,), "schemaVersion": _NUMBER, "sharedCrosshair": (bool,), "tags": (list,), "templating": (dict,),
    "time": (dict,), "timepicker": (dict,), "timezone": (str,), "title": (str,), "uid": (str,), "weekStart": (str,),
    "fiscalYearStartMonth": _NUMBER, "editable": (bool,),
}  # fmt: skip
_PANEL: Mapping[str, _Types] = {
    "autoMigrateFrom": (str,), "datasource": (str, dict), "description": (str,), "fieldConfig": (dict,),
    "gridPos": (dict,), "id": _NUMBER, "interval": (str,), "legend": (dict,), "libraryPanel": (dict,), "links": (list,),
    "maxDataPoints": _NUMBER, "maxPerRow": _NUMBER, "panels": (list,), "pluginVersion": (str,), "repeat": (str,),
    "repeatDirection": (str,), "span": _NUMBER, "targets": (list,), "title": (str,), "transformations": (list,),
    "transparent": (bool,), "type": (str,), "yaxes": (list,), "xaxis": (dict,), "tooltip": (dict,),
}  # fmt: skip
_TARGET: Mapping[str, _Types] = {"datasource": (str, dict), "expr": (str,), "refId": (str,)}
_VARIABLE: Mapping[str, _Types] = {
    "current": (dict,), "datasource": (str, dict), "label": (str,), "name": (str,), "options": (list,), "type": (str,),
}  # fmt: skip
_MARK: Mapping[str, _Types] = {"datasource": (str, dict), "name": (str,), "target": (dict,), "iconColor": (str,)}
_FIELDS: Mapping[str, _Types] = {
    "color": (dict,), "custom": (dict,), "links": (list,), "mappings": (list,), "thresholds": (dict,), "unit": (str,),
    "decimals": (*_NUMBER, str), "max": (*_NUMBER, str), "min": (*_NUMBER, str), "noValue": (str,),
    "displayName": (str,),
}  # fmt: skip
# All lists of a dashboard whose entries are objects.
_OF_OBJECTS = ("panels", "rows", "targets", "links", "list", "mappings", "overrides", "properties", "steps", "yaxes")


def settle(dashboard: Node) -> None:
    """Drop unreadable values. Null stays: older dashboards use it for "not set"."""
    _drop_strangers(dashboard)
    _keep(dashboard, _DASHBOARD)
    for mark in tree.marks(dashboard):
        _keep(mark, _MARK)
    for variable in tree.variables(dashboard):
        _keep(variable, _VARIABLE)
    for row in nodes(dashboard.get("rows")):
        _keep(row, _PANEL)
        for panel in nodes(row.get("panels")):
            _panel(panel)
    for panel in tree.panels(dashboard):
        _panel(panel)


# From this version on, panels stand in a grid; before, in rows.
_GRID_VERSION = 16


def unnest(dashboard: Node) -> None:
    """Rows in rows become rows beside them, and a page whose version lies about its shape gets the right one.

    Grafana knows one level of rows, and shows nothing of a second. Rows of Grafana 4 are only read in pages of its
    version.
    """
    if nodes(dashboard.get("rows")) and tree.number(dashboard.get("schemaVersion")) >= _GRID_VERSION:
        dashboard["schemaVersion"] = _GRID_VERSION - 1
    below = 0
    flat: list[object] = []
    for panel in nodes(dashboard.get("panels")):
        _lower(panel, below)
        inner = list(_inner_rows(panel)) if panel.get("type") == "row" else []
        flat += [panel, *inner]
        for number, row in enumerate(inner, start=1):
            place = tree.child(row, "gridPos")
            place |= {"x": 0, "y": tree.number(tree.node(panel.get("gridPos")).get("y")) + number, "w": 24, "h": 1}
            row["collapsed"] = True
        below += len(inner)
    if below:
        dashboard["panels"] = flat


def _inner_rows(row: Node) -> list[Node]:
    """Takes the rows out of a row, at any depth, in the order of the page."""
    found: list[Node] = []
    kept: list[object] = []
    for panel in nodes(row.get("panels")):
        if panel.get("type") == "row":
            found += [panel, *_inner_rows(panel)]
        else:
            kept.append(panel)
    if found:
        row["panels"] = kept
    return found


def _lower(panel: Node, lines: int) -> None:
    """Moves a panel, and those collapsed in it, down."""
    for each in (panel, *nodes(panel.get("panels"))) if lines else ():
        place = each.get("gridPos")
        if isinstance(place, dict):
            place["y"] = tree.number(place.get("y")) + lines


def _panel(panel: Node) -> None:
    _keep(panel, _PANEL)
    place = panel.get("gridPos")
    if isinstance(place, dict):
        _keep(place, dict.fromkeys("xywh", _NUMBER))
    for target in tree.targets(panel):
        _keep(target, _TARGET)
    config = panel.get("fieldConfig")
    if isinstance(config, dict):
        _keep(config, {"defaults": (dict,), "overrides": (list,)})
        _keep(tree.node(config.get("defaults")), _FIELDS)


def _keep(target: Node, types: Mapping[str, _Types]) -> None:
    for key, wanted in types.items():
        value = target.get(key)
        fits = isinstance(value, (*wanted, _NOTHING)) and (bool in wanted or not isinstance(value, bool))
        if key in target and not fits:
            del target[key]


def _drop_strangers(value: object) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _OF_OBJECTS and isinstance(inner, list):
                value[key] = [item for item in inner if isinstance(item, dict)]
            _drop_strangers(value[key])
    elif isinstance(value, list):
        for item in value:
            _drop_strangers(item)
