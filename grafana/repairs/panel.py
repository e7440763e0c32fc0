"""Repairs for every panel: dead keys, plugin version, links, rows."""

from __future__ import annotations

from boxwatch.grafana.repairs import dead, thresholds
from boxwatch.grafana.repairs.page import complete_link, keep
from boxwatch.grafana.tree import Node, child, node, nodes, text

# The plugin version whose options format we write. Grafana converts a panel without one repeatedly, sometimes
# destructively (grafana#125371), so every panel states it.
PLUGIN_VERSION = "12.4.0"

_KEYS = frozenset({
    "cacheTimeout", "datasource", "description", "fieldConfig", "gridPos", "hideTimeOverride", "id", "interval",
    "libraryPanel", "links", "maxDataPoints", "maxPerRow", "options", "pluginVersion", "queryCachingTTL", "repeat",
    "repeatDirection", "targets", "timeCompare", "timeFrom", "timeShift", "title", "transformations", "transparent",
    "type",
})  # fmt: skip
_ROW = frozenset({"collapsed", "datasource", "gridPos", "id", "panels", "repeat", "title", "type"})
_FIELD = frozenset({
    "actions", "color", "custom", "decimals", "description", "displayName", "displayNameFromDS", "fieldMinMax",
    "filterable", "links", "mappings", "max", "min", "noValue", "path", "thresholds", "unit", "writeable",
})  # fmt: skip
# Coloured by thresholds by default.
_BY_THRESHOLDS = frozenset({"bargauge", "gauge", "heatmap", "stat", "status-history", "table"})
# grafanalib's default of a hundred points per graph makes every graph coarse; nobody chose it.
_GRAFANALIB_POINTS = 100


def repair(panel: Node, *, current: bool = False) -> None:
    """Drop the keys of a panel that Grafana does not read; unknown ones stay if it was written for a current one."""
    if panel.get("maxDataPoints") == _GRAFANALIB_POINTS and ("error" in panel or "span" in panel):
        del panel["maxDataPoints"]
    dead.drop(panel, _KEYS, dead.PANEL, current=current)
    if not panel.get("repeat"):
        for key in ("repeat", "repeatDirection", "maxPerRow"):
            panel.pop(key, None)
    if panel.get("hideTimeOverride") is False:
        del panel["hideTimeOverride"]
    for key in ("interval", "description"):
        if panel.get(key) == "":
            del panel[key]
    if not panel.get("pluginVersion"):
        panel["pluginVersion"] = PLUGIN_VERSION
    for step in nodes(panel.get("transformations")):
        step.setdefault("options", {})
    if panel.get("links"):
        panel["links"] = [complete_link(link) for link in nodes(panel["links"])]
    _field_config(panel, current=current)


def _field_config(panel: Node, *, current: bool) -> None:
    if "fieldConfig" not in panel:
        return
    field_config = child(panel, "fieldConfig")
    dead.drop(field_config, frozenset({"defaults", "overrides"}), {}, current=current)
    defaults = child(field_config, "defaults")
    field_config.setdefault("overrides", [])
    dead.drop(defaults, _FIELD, dead.FIELD, current=current)
    for key, nothing in (("unit", ""), ("mappings", []), ("links", []), ("custom", {})):
        if key in defaults and defaults[key] == nothing:
            del defaults[key]
    for key in ("decimals", "max", "min"):
        if isinstance(defaults.get(key), str):
            # Older editors stored the typed text.
            value = thresholds.number(str(defaults.pop(key)))
            if value is not None:
                defaults[key] = value
    if "links" in defaults:
        defaults["links"] = [complete_link(link) for link in nodes(defaults["links"])]
    mode = node(defaults.get("color")).get("mode")
    if not mode or (defaults["color"] == {"mode": "thresholds"} and text(panel.get("type")) in _BY_THRESHOLDS):
        defaults.pop("color", None)


def repair_row(row: Node) -> None:
    """Reduce a row to its heading, its position, and the panels collapsed in it; no version has other keys."""
    keep(row, _ROW)
    row.setdefault("collapsed", False)
    row.setdefault("panels", [])
    row.pop("datasource", None)
    if not row.get("repeat"):
        row.pop("repeat", None)
