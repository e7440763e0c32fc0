"""Repairs of the dashboard itself: dead keys, variables, annotations, links."""

from __future__ import annotations

from boxwatch.grafana.repairs import dead, references
from boxwatch.grafana.tree import Node, child, marks, node, nodes, panels, text, variables

# The keys of a dashboard as of schema version 42; all others are dead.
_KEYS = frozenset({
    "annotations", "description", "editable", "fiscalYearStartMonth", "gnetId", "graphTooltip", "id", "links",
    "liveNow", "panels", "preload", "refresh", "revision", "schemaVersion", "snapshot", "tags", "templating", "time",
    "timepicker", "timezone", "title", "uid", "weekStart",
})  # fmt: skip
_TIMEPICKER = frozenset({"hidden", "nowDelay", "quick_ranges", "refresh_intervals"})
# Annotations of other data sources have keys of their own (rawQuery, query, timeField): all stay but these, AngularJS'
# and that of Grafana 4's list (features/annotations/editor_ctrl.ts there).
_DEAD_IN_ANNOTATIONS = frozenset({"$$hashKey", "showIn"})
# Keys of Grafana's own annotations before version 8, now in the target (grafana/datasource.ts, prepareAnnotation).
_TARGET: Node = {"type": "dashboard", "limit": 100, "tags": [], "matchAny": False}
_VARIABLE = frozenset({
    "allValue", "allowCustomValue", "baseFilters", "current", "datasource", "defaultKeys", "definition", "description",
    "filters", "hide", "includeAll", "label", "multi", "name", "options", "query", "refresh", "regex", "regexApplyTo",
    "skipUrlSync", "sort", "staticOptions", "staticOptionsOrder", "type",
})  # fmt: skip
_OF_INTERVALS = frozenset({"auto", "auto_min", "auto_count"})
_LINK: Node = {
    "title": "", "type": "link", "icon": "", "tooltip": "", "tags": [], "asDropdown": False, "targetBlank": False,
    "includeVars": False, "keepTime": False,
}  # fmt: skip


def keep(target: Node, keys: frozenset[str]) -> None:
    """Drop all other keys, and null values."""
    for key in [key for key, value in target.items() if key not in keys or value is None]:
        del target[key]


def before(dashboard: Node) -> None:
    """Repairs required before the schema migrations.

    grafanalib writes both Grafana 4's crosshair key and the current one, and the old one disables it.
    """
    if not dashboard.get("sharedCrosshair") and dashboard.get("graphTooltip") == 1:
        dashboard["sharedCrosshair"] = True
    if dashboard.get("rows") == []:
        del dashboard["rows"]


def repair(dashboard: Node, *, current: bool = False) -> None:
    """Drop keys that Grafana does not read, and bring the others into their current format.

    Args:
        dashboard: the page.
        current: whether it was written for a current Grafana, so that unknown keys stay.
    """
    dead.drop(dashboard, _KEYS, dead.DASHBOARD, current=current)
    timepicker = child(dashboard, "timepicker")
    dead.drop(timepicker, _TIMEPICKER, dead.TIMEPICKER, current=current)
    if timepicker.get("hidden") is False:
        del timepicker["hidden"]
    if not isinstance(dashboard.get("refresh"), str):
        dashboard["refresh"] = ""
    if "gnetId" in dashboard:
        dashboard["gnetId"] = str(dashboard["gnetId"])
    dashboard["links"] = [complete_link(link) for link in nodes(dashboard.get("links"))]
    for annotation in marks(dashboard):
        _annotation(annotation, dashboard)
    for variable in variables(dashboard):
        _variable(variable, dashboard, current=current)
    for panel in panels(dashboard):
        references.repair(panel, dashboard)


def complete_link(link: Node) -> Node:
    """A link with every key required by Grafana's schema."""
    made = {**_LINK, **{key: value for key, value in link.items() if value is not None}}
    if "linkUrl" in made:  # grafanalib's name for it
        made["url"] = made.pop("linkUrl")
        made["targetBlank"] = bool(made.pop("isNewTab", False))
    return {key: made[key] for key in made if key in _LINK or key in ("url", "placement")}


def _annotation(annotation: Node, dashboard: Node) -> None:
    for key, value in list(annotation.items()):
        if key in _DEAD_IN_ANNOTATIONS or value is None:
            del annotation[key]
    if _is_of_grafana(annotation) and not annotation.get("builtIn"):
        _retarget(annotation)
    for key, value in (("name", "Annotations"), ("enable", True), ("iconColor", "rgba(0, 211, 255, 1)")):
        annotation.setdefault(key, value)
    references.repair(annotation, dashboard)


def _is_of_grafana(annotation: Node) -> bool:
    """Whether Grafana itself has the events, rather than a data source."""
    source = annotation.get("datasource")
    return source in ("-- Grafana --", "grafana") or node(source).get("uid") in ("-- Grafana --", "grafana")


def _retarget(annotation: Node) -> None:
    """Move the query of an old annotation into its target."""
    old = {key: annotation[key] for key in _TARGET if key in annotation}
    if not node(annotation.get("target")):
        annotation["target"] = {**_TARGET, **old}
    for key in ("limit", "tags", "matchAny"):
        annotation.pop(key, None)


def _variable(variable: Node, dashboard: Node, *, current: bool) -> None:
    known = _VARIABLE | (_OF_INTERVALS if variable.get("type") == "interval" else frozenset())
    dead.drop(variable, known, dead.VARIABLE, current=current)
    references.repair(variable, dashboard)
    chosen = node(variable.get("current"))
    keep(chosen, frozenset({"selected", "text", "value"}))
    if "current" in variable and not {"text", "value"} <= chosen.keys():
        # Nothing was selected: Grafana selects the first or the default when the dashboard opens.
        del variable["current"]
    if variable.get("type") == "query" and text(variable.get("query")):
        variable.setdefault("definition", variable["query"])
