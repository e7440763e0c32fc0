"""Panels in schema v2: elements referenced by the layout."""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.grafana.schema_v2 import query
from boxwatch.grafana.tree import Node, node, nodes, text

# Keys common to all panel types; all others are options of an old panel.
_OF_ALL_TYPES = frozenset({
    "autoMigrateFrom", "cacheTimeout", "datasource", "description", "fieldConfig", "gridPos", "hideTimeOverride", "id",
    "interval", "libraryPanel", "links", "maxDataPoints", "maxPerRow", "options", "pluginVersion", "queryCachingTTL",
    "repeat", "repeatDirection", "targets", "timeCompare", "timeFrom", "timeShift", "title", "transformations",
    "transparent", "type",
})  # fmt: skip


def name(panel: Mapping[str, object]) -> str:
    """The panel's element name in the layout."""
    return f"panel-{panel.get('id', 0)}"


def element(panel: Mapping[str, object], version: str) -> tuple[str, Node]:
    """(name, element) of a panel."""
    if "libraryPanel" in panel:
        return name(panel), _library(panel)
    spec: Node = {
        "id": panel.get("id", 0),
        "title": text(panel.get("title")),
        "description": text(panel.get("description")),
        "links": [_link(link) for link in nodes(panel.get("links"))],
        "data": query.group(panel, version),
        "vizConfig": _visualisation(panel),
    }
    if panel.get("transparent") is True:
        spec["transparent"] = True
    return name(panel), {"kind": "Panel", "spec": spec}


def _link(link: Node) -> Node:
    made: Node = {"title": text(link.get("title")), "url": text(link.get("url"))}
    return made | ({"targetBlank": True} if link.get("targetBlank") is True else {})


def _visualisation(panel: Mapping[str, object]) -> Node:
    config = node(panel.get("fieldConfig"))
    options = dict(node(panel.get("options")))
    # The source from which Grafana's front end converts an AngularJS panel.
    if "autoMigrateFrom" in panel:
        options["__angularMigration"] = {
            "autoMigrateFrom": panel["autoMigrateFrom"],
            "originalOptions": {key: value for key, value in panel.items() if key not in _OF_ALL_TYPES},
        }
    return {
        "kind": "VizConfig",
        "group": text(panel.get("type")),
        "version": text(panel.get("pluginVersion")),
        "spec": {
            "fieldConfig": {"defaults": _defaults(config), "overrides": nodes(config.get("overrides"))},
            "options": options,
        },
    }


def _defaults(config: Node) -> Node:
    """Field defaults without empty values; a step at minus infinity is null, which a classic dashboard omits."""
    empty: tuple[object, ...] = ([], {})
    defaults = {key: value for key, value in node(config.get("defaults")).items() if value not in empty}
    thresholds = node(defaults.get("thresholds"))
    if thresholds:
        steps = [
            {"color": step.get("color", ""), "value": step.get("value")} for step in nodes(thresholds.get("steps"))
        ]
        defaults["thresholds"] = {**thresholds, "steps": steps}
    return defaults


def _library(panel: Mapping[str, object]) -> Node:
    library = node(panel["libraryPanel"])
    reference: Node = {"name": text(library.get("name")), "uid": text(library.get("uid"))}
    spec: Node = {"id": panel.get("id", 0), "title": text(panel.get("title")), "libraryPanel": reference}
    return {"kind": "LibraryPanel", "spec": spec}
