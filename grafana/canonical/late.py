"""Migrations from Grafana 8 to Grafana 12: schema versions 31 to 42, except data sources (33, 36)."""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.grafana.canonical.sources import Sources
from boxwatch.grafana.tree import Node, node, nodes, text

_GAUGES = {"basic": "basic", "gradient-gauge": "gradient", "lcd-gauge": "lcd"}
_BACKGROUNDS = {"color-background": "gradient", "color-background-solid": "basic"}


def _all(dashboard: Node) -> Iterator[Node]:
    for panel in nodes(dashboard.get("panels")):
        yield panel
        yield from nodes(panel.get("panels"))


def merge_labels(dashboard: Node, sources: Sources) -> None:
    """31: labels turned into fields are merged by a separate transformation."""
    del sources
    for panel in _all(dashboard):
        if any(step.get("id") == "labelsToFields" for step in nodes(panel.get("transformations"))):
            made: list[Node] = []
            for step in nodes(panel["transformations"]):
                made.append(step)
                if step.get("id") == "labelsToFields":
                    made.append({"id": "merge", "options": {}})
            panel["transformations"] = made


def time_axis(dashboard: Node, sources: Sources) -> None:
    """35: hiding the axis no longer hides the time axis."""
    del sources
    for panel in nodes(dashboard.get("panels")):
        field_config = node(panel.get("fieldConfig"))
        custom = node(node(field_config.get("defaults")).get("custom"))
        if panel.get("type") == "timeseries" and custom.get("axisPlacement") == "hidden":
            shown: Node = {
                "matcher": {"id": "byType", "options": "time"},
                "properties": [{"id": "custom.axisPlacement", "value": "auto"}],
            }
            field_config["overrides"] = [*nodes(field_config.get("overrides")), shown]


def legend(dashboard: Node, sources: Sources) -> None:
    """37: visibility and display mode of the legend become separate options."""
    del sources
    for panel in _all(dashboard):
        found = node(panel.get("options")).get("legend")
        if not isinstance(found, dict):
            continue
        hidden = found.get("displayMode") == "hidden" or found.get("showLegend") is False
        found["showLegend"] = not hidden
        if hidden:
            found["displayMode"] = "list"


def cell_options(dashboard: Node, sources: Sources) -> None:
    """38: the cell display mode of a table becomes an object."""
    del sources
    for panel in _all(dashboard):
        if panel.get("type") != "table":
            continue
        field_config = node(panel.get("fieldConfig"))
        custom = node(node(field_config.get("defaults")).get("custom"))
        if "displayMode" in custom:
            mode = custom.pop("displayMode")
            if isinstance(mode, str):
                custom["cellOptions"] = cell(mode)
        for override in nodes(field_config.get("overrides")):
            for prop in nodes(override.get("properties")):
                if prop.get("id") == "custom.displayMode":
                    prop["id"] = "custom.cellOptions"
                    prop["value"] = cell(text(prop.get("value"))) if "value" in prop else {}


def cell(mode: str) -> Node:
    """The cell options for an old display mode."""
    if mode in _GAUGES:
        return {"type": "gauge", "mode": _GAUGES[mode]}
    if mode in _BACKGROUNDS:
        return {"type": "color-background", "mode": _BACKGROUNDS[mode]}
    return {"type": mode}


def sparkline_tables(dashboard: Node, sources: Sources) -> None:
    """39: the statistic of a sparkline moves into an object of settings."""
    del sources
    for panel in _all(dashboard):
        for step in nodes(panel.get("transformations")):
            stats = node(step.get("options")).get("refIdToStat")
            if step.get("id") == "timeSeriesTable" and isinstance(stats, dict):
                step["options"] = {ref_id: {"stat": stat} for ref_id, stat in stats.items()}


def refresh(dashboard: Node, sources: Sources) -> None:
    """40: a disabled refresh becomes an empty string."""
    del sources
    dashboard["refresh"] = text(dashboard.get("refresh"))


def time_options(dashboard: Node, sources: Sources) -> None:
    """41: the time options, unused since Grafana 5, are removed."""
    del sources
    node(dashboard.get("timepicker")).pop("time_options", None)


def hidden_tooltips(dashboard: Node, sources: Sources) -> None:
    """42: a hidden series is hidden in the tooltip too."""
    del sources
    for panel in _all(dashboard):
        for override in nodes(node(panel.get("fieldConfig")).get("overrides")):
            for prop in nodes(override.get("properties")):
                value = node(prop.get("value"))
                if prop.get("id") == "custom.hideFrom" and value.get("viz") is True:
                    value["tooltip"] = True
