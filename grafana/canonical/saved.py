"""Keys that Grafana drops when it stores a dashboard."""

from __future__ import annotations

from collections.abc import Iterable

from boxwatch.grafana.canonical import angular
from boxwatch.grafana.tree import Node, child, node, nodes, number, variables

# State of the open page, not of the dashboard, and leftovers of older versions.
_NOT_OF_DASHBOARD = (
    "appEventsSubscription", "events", "formatDate", "getVariablesFromState", "iteration", "lastRefresh", "meta",
    "nav", "originalDashboard", "originalLibraryPanels", "originalTemplating", "originalTime", "panelInEdit",
    "panelInView", "panelsAffectedByVariableChange", "pulldowns", "timeRangeUpdatedDuringEditOrView", "variables",
    "version",
)  # fmt: skip
_NOT_OF_PANEL = (
    "cachedPluginOptions", "configRev", "dataSupport", "events", "getDisplayTitle", "hasRefreshed",
    "hasSavedPanelEditChange", "isEditing", "isInView", "isNew", "isViewing", "key", "plugin", "queryRunner",
    "refreshWhenInView", "replaceVariables", "scopedVars",
)  # fmt: skip
_OF_OLD_TABLES = ("pageSize", "scroll", "fontSize", "showHeader", "sort")
_DEFAULTS_OF_PANEL: Node = {
    "gridPos": {"x": 0, "y": 0, "h": 3, "w": 6},
    "targets": [{"refId": "A"}],
    "transparent": False,
    "options": {},
    "links": [],
    "fieldConfig": {"defaults": {}, "overrides": []},
    "title": "",
}


def clean(dashboard: Node) -> None:
    """Drop keys that are not stored, and sort panels into reading order."""
    _drop(dashboard, _NOT_OF_DASHBOARD)
    for key, value in (("gnetId", None), ("id", None), ("style", "dark"), ("hideControls", False)):
        if key in dashboard and dashboard[key] == value:
            del dashboard[key]
    _drop_nulls(child(dashboard, "templating"))
    for variable in variables(dashboard):
        _clean_variable(variable)
    panels = [
        panel
        for panel in nodes(dashboard.get("panels"))
        if "repeatPanelId" not in panel and "repeatedByRow" not in panel
    ]
    for panel in panels:
        _clean_panel(panel, folded=False)
        for folded in nodes(panel.get("panels")):
            _clean_panel(folded, folded=True)
    dashboard["panels"] = sorted(panels, key=_position)


def _position(panel: Node) -> tuple[float, float]:
    place = node(panel.get("gridPos"))
    return number(place.get("y")), number(place.get("x"))


def _drop(target: Node, keys: Iterable[str]) -> None:
    for key in keys:
        target.pop(key, None)


def _drop_nulls(value: object) -> None:
    if isinstance(value, dict):
        for key in [key for key, inner in value.items() if inner is None]:
            del value[key]
        for inner in value.values():
            _drop_nulls(inner)
    elif isinstance(value, list):
        for inner in value:
            _drop_nulls(inner)


def _clean_variable(variable: Node) -> None:
    variable.pop("index", None)
    kind = variable.get("type")
    if kind == "datasource":
        # The options are looked up when the dashboard opens.
        variable["options"] = []
    elif kind == "constant":
        variable.pop("options", None)
    elif kind == "query" and variable.get("refresh", 1) != 0:
        variable.setdefault("options", [])


def _clean_panel(panel: Node, *, folded: bool) -> None:
    angular.name_successor(panel)
    if panel.get("libraryPanel") is not None:
        for key in [key for key in panel if key not in ("id", "title", "gridPos", "libraryPanel")]:
            del panel[key]
        return
    if panel.get("type") == "row" and panel.get("repeat") == "":
        del panel["repeat"]
    _drop(panel, _NOT_OF_PANEL)
    _drop_defaults(panel, tuple(_DEFAULTS_OF_PANEL))
    if not folded and panel.get("transformations") == []:
        del panel["transformations"]
    _drop_nulls(panel)
    if panel.get("type") == "table" and panel.get("autoMigrateFrom") != "table-old":
        _drop(panel, _OF_OLD_TABLES)
    _drop_defaults(panel, ("fieldConfig",))
    if panel.get("targets") == []:
        del panel["targets"]


def _drop_defaults(panel: Node, keys: tuple[str, ...]) -> None:
    for key in keys:
        if key in panel and panel[key] == _DEFAULTS_OF_PANEL[key]:
            del panel[key]
