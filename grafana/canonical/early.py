"""Migrations from Grafana 4 to Grafana 7: schema versions 14 to 29, except the grid (16)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from boxwatch.grafana.canonical.sources import Sources
from boxwatch.grafana.tree import Node, node, nodes, number, text, variables

_PER_ROW = (1, 2, 3, 4, 6, 8, 12, 24)
_OLD_WORDS = re.compile(r"\$?__series_name|__value_time|\$?__field_name")
_NEW_WORDS = {
    "__series_name": "__series.name",
    "$__series_name": "${__series.name}",
    "__value_time": "__value.time",
    "__field_name": "__field.name",
    "$__field_name": "${__field.name}",
}


def crosshair(dashboard: Node, sources: Sources) -> None:
    """14: the shared crosshair becomes one of three tooltip modes."""
    del sources
    dashboard["graphTooltip"] = 1 if dashboard.pop("sharedCrosshair", None) is True else 0


def per_row(dashboard: Node, sources: Sources) -> None:
    """17: the minimum width of a repeated panel becomes the maximum number of panels in a row."""
    del sources
    for panel in nodes(dashboard.get("panels")):
        least = number(panel.pop("minSpan", None))
        if least > 0:
            larger = next((index for index, count in enumerate(_PER_ROW) if count > _PER_ROW[-1] / least), None)
            if larger is not None:
                panel["maxPerRow"] = _PER_ROW[max(larger - 1, 0)]


def gauge_options(dashboard: Node, sources: Sources) -> None:
    """18: options of the first gauge panel move to their current place."""
    del sources
    for panel in nodes(dashboard.get("panels")):
        old = panel.pop("options-gauge", None)
        if not isinstance(old, dict):
            continue
        moved = ("unit", "stat", "decimals", "prefix", "suffix")
        options: Node = {"valueOptions": {key: old[key] for key in moved if key in old}}
        options |= {key: value for key, value in old.items() if key not in (*moved, "options", "thresholds")}
        if old.get("thresholds"):
            options["thresholds"] = list(reversed(old["thresholds"]))
        panel["options"] = options


def panel_links(dashboard: Node, sources: Sources) -> None:
    """19: panel links become URLs."""
    del sources
    for panel in nodes(dashboard.get("panels")):
        if isinstance(panel.get("links"), list):
            panel["links"] = [_link(link) for link in nodes(panel["links"])]


def _link(old: Node) -> Node:
    url = text(old.get("url"))
    if not url and text(old.get("dashboard")):
        words = re.sub(r"[^a-z0-9_ ]+", "", text(old["dashboard"]).lower())
        url = "dashboard/db/" + re.sub(" +", "-", words)
    if not url and text(old.get("dashUri")):
        url = f"dashboard/{text(old['dashUri'])}"
    added = [
        "$__url_time_range" if old.get("keepTime") is True else "",
        "$__all_variables" if old.get("includeVars") is True else "",
        text(old.get("params")),
    ]
    query = "&".join(part for part in added if part)
    made: Node = {"url": (url or "/") + (f"?{query}" if query else ""), "title": text(old.get("title"))}
    if old.get("targetBlank") is True:
        made["targetBlank"] = True
    return made


def _link_fields(dashboard: Node) -> Iterator[Node]:
    for panel in nodes(dashboard.get("panels")):
        options = node(panel.get("options"))
        yield from nodes(options.get("dataLinks"))
        yield from nodes(node(node(options.get("fieldOptions")).get("defaults")).get("links"))


def words(dashboard: Node, sources: Sources) -> None:
    """20: variables in data links get dots."""
    del sources
    for panel in nodes(dashboard.get("panels")):
        defaults = node(node(node(panel.get("options")).get("fieldOptions")).get("defaults"))
        if isinstance(defaults.get("title"), str):
            defaults["title"] = _OLD_WORDS.sub(lambda found: _NEW_WORDS[found[0]], text(defaults["title"]))
    for link in _link_fields(dashboard):
        if isinstance(link.get("url"), str):
            link["url"] = _OLD_WORDS.sub(lambda found: _NEW_WORDS[found[0]], text(link["url"]))


def field_labels(dashboard: Node, sources: Sources) -> None:
    """21: labels belong to fields, not to series."""
    del sources
    for link in _link_fields(dashboard):
        if isinstance(link.get("url"), str):
            link["url"] = text(link["url"]).replace("__series.labels", "__field.labels")


def table_align(dashboard: Node, sources: Sources) -> None:
    """22: columns of the old table state their alignment."""
    del sources
    for panel in nodes(dashboard.get("panels")):
        if panel.get("type") == "table":
            for style in nodes(panel.get("styles")):
                style["align"] = "auto"


def current_of_multi(dashboard: Node, sources: Sources) -> None:
    """23: the current value of a variable is a list exactly if it is multi-value."""
    del sources
    for variable in variables(dashboard):
        current, multi = node(variable.get("current")), variable.get("multi")
        if not isinstance(multi, bool):
            continue
        if multi and ("value" not in current or isinstance(current["value"], list)):
            continue  # the text may be one string next to a list of values; Grafana leaves it
        for key in ("value", "text"):
            value = current.get(key)
            if key in current and multi and not isinstance(value, list):
                current[key] = [value]
            elif isinstance(value, list) and not multi:
                current[key] = value[0] if value else ""


def old_tables(dashboard: Node, sources: Sources) -> None:
    """24: a table with styles is the old table panel."""
    del sources
    for panel in nodes(dashboard.get("panels")):
        if panel.get("type") == "table" and panel.get("styles") is not None:
            panel["autoMigrateFrom"] = "table-old"


def text_panels(dashboard: Node, sources: Sources) -> None:
    """26: the second text panel becomes the text panel."""
    del sources
    for panel in nodes(dashboard.get("panels")):
        if panel.get("type") == "text2":
            panel["type"] = "text"
            node(panel.get("options")).pop("angular", None)


def constants(dashboard: Node, sources: Sources) -> None:
    """27: clones of repeated panels are dropped; a visible constant becomes a text box."""
    del sources
    dashboard["panels"] = [
        panel for panel in nodes(dashboard.get("panels")) if not {"repeatPanelId", "repeatByRow"} & panel.keys()
    ]
    for panel in nodes(dashboard["panels"]):
        if panel.get("type") == "row" and isinstance(panel.get("panels"), list):
            panel["panels"] = [folded for folded in nodes(panel["panels"]) if "repeatPanelId" not in folded]
    for variable in variables(dashboard):
        if variable.get("type") == "constant":
            value = text(variable.get("query"))
            current: Node = {"selected": True, "text": value, "value": value}
            variable |= {"query": value, "current": current, "options": [dict(current)]}
            if variable.get("hide") in (0, 1):
                variable["type"] = "textbox"


def variable_tags(dashboard: Node, sources: Sources) -> None:
    """28: variable tags are removed."""
    del sources
    for variable in variables(dashboard):
        variable.pop("tags", None)
        for key in ("tagsQuery", "tagValuesQuery", "useTags"):
            if variable.get(key):
                del variable[key]


def variable_refresh(dashboard: Node, sources: Sources) -> None:
    """29: query variables refresh when the dashboard opens, and store no options."""
    del sources
    for variable in variables(dashboard):
        if variable.get("type") == "query":
            if variable.get("refresh") not in (1, 2):
                variable["refresh"] = 1
            if variable.get("options"):
                variable["options"] = []
