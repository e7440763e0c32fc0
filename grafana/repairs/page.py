"""Repairs of the dashboard itself: dead keys, variables, annotations, links."""

from __future__ import annotations

from boxwatch.grafana.repairs import references
from boxwatch.grafana.tree import Node, child, marks, node, nodes, panels, text, variables

# The keys of a dashboard as of schema version 42; all others are dead.
_KEYS = frozenset({
    "annotations", "description", "editable", "fiscalYearStartMonth", "gnetId", "graphTooltip", "id", "links",
    "liveNow", "panels", "preload", "refresh", "revision", "schemaVersion", "snapshot", "tags", "templating", "time",
    "timepicker", "timezone", "title", "uid", "weekStart",
})  # fmt: skip
_TIMEPICKER = frozenset({"hidden", "nowDelay", "quick_ranges", "refresh_intervals"})
_ANNOTATION = frozenset({
    "builtIn", "datasource", "enable", "expr", "filter", "hide", "iconColor", "mappings", "name", "placement", "step",
    "tagKeys", "target", "textFormat", "titleFormat", "type", "useValueForTime",
})  # fmt: skip
_VARIABLE = frozenset({
    "allValue", "allowCustomValue", "current", "datasource", "definition", "description", "hide", "includeAll", "label",
    "multi", "name", "options", "query", "refresh", "regex", "skipUrlSync", "sort", "staticOptions",
    "staticOptionsOrder", "type",
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


def repair(dashboard: Node) -> None:
    """Keep only keys that Grafana reads, in their current format."""
    keep(dashboard, _KEYS)
    timepicker = child(dashboard, "timepicker")
    keep(timepicker, _TIMEPICKER)
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
        _variable(variable, dashboard)
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
    keep(annotation, _ANNOTATION)
    for key, value in (("name", "Annotations"), ("enable", True), ("iconColor", "rgba(0, 211, 255, 1)")):
        annotation.setdefault(key, value)
    references.repair(annotation, dashboard)


def _variable(variable: Node, dashboard: Node) -> None:
    keep(variable, _VARIABLE | (_OF_INTERVALS if variable.get("type") == "interval" else frozenset()))
    references.repair(variable, dashboard)
    current = node(variable.get("current"))
    keep(current, frozenset({"selected", "text", "value"}))
    if "current" in variable and not {"text", "value"} <= current.keys():
        # Nothing was selected: Grafana selects the first or the default when the dashboard opens.
        del variable["current"]
    if variable.get("type") == "query" and text(variable.get("query")):
        variable.setdefault("definition", variable["query"])
