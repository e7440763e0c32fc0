"""Migration of value mappings from numbered to named types: schema version 30."""

from __future__ import annotations

from boxwatch.grafana.canonical.sources import Sources
from boxwatch.grafana.tree import Node, node, nodes, text

_VALUE, _RANGE = 1, 2


def rename(dashboard: Node, sources: Sources) -> None:
    """30: value mappings by name, and tooltip options under their current key."""
    del sources
    for panel in nodes(dashboard.get("panels")):
        for each in (panel, *nodes(panel.get("panels"))):
            _rename_in(each)
            options = node(each.get("options"))
            if each.get("type") in ("timeseries", "xychart", "xychart2") and "tooltipOptions" in options:
                options["tooltip"] = options.pop("tooltipOptions")


def _rename_in(panel: Node) -> None:
    field_config = node(panel.get("fieldConfig"))
    defaults = node(field_config.get("defaults"))
    if isinstance(defaults.get("mappings"), list):
        defaults["mappings"] = upgrade(nodes(defaults["mappings"]), node(defaults.get("thresholds")))
    for override in nodes(field_config.get("overrides")):
        for prop in nodes(override.get("properties")):
            if prop.get("id") == "mappings" and isinstance(prop.get("value"), list):
                prop["value"] = upgrade(nodes(prop["value"]), {})


def upgrade(old: list[Node], thresholds: Node) -> list[Node]:
    """One mapping for all single values, followed by the others in their order."""
    if all(isinstance(mapping.get("type"), str) and mapping["type"] for mapping in old):
        return old
    values: Node = {}
    others: list[Node] = []
    for mapping in old:
        kind = mapping.get("type")
        if isinstance(kind, str) and kind:
            if kind == "value":
                values |= node(mapping.get("options"))
            else:
                others.append(mapping)
            continue
        result: Node = {"text": mapping.get("text")}
        colour = _colour(text(mapping.get("text")), thresholds)
        if colour is not None:
            result["color"] = colour
        if kind == _VALUE and mapping.get("value") == "null":
            others.append({"type": "special", "options": {"match": "null", "result": result}})
        elif kind == _VALUE and "value" in mapping:
            values[_plain(mapping["value"])] = result
        elif kind == _RANGE:
            ends: Node = {"from": _float(mapping.get("from")), "to": _float(mapping.get("to"))}
            others.append({"type": "range", "options": {**ends, "result": result}})
    return [{"type": "value", "options": values}, *others] if values else others


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _float(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0


def _colour(word: str, thresholds: Node) -> object:
    """The threshold colour of the number that a mapping displayed."""
    try:
        number = float(word)
    except ValueError:
        return None
    colour: object = None
    for step in nodes(thresholds.get("steps")):
        if "value" not in step:
            continue
        start = step["value"]
        if start is None or (isinstance(start, int | float) and number >= start):
            colour = step.get("color")
    return colour
