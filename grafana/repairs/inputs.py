"""Inputs of an export, which Grafana asks for on import, resolved in the dashboard itself.

`${DS_METRICS}` of an input becomes a data source variable of that name, `${VAR_LIMIT}` the constant's value. Without
them the dashboard refers to data sources that do not exist, when it is published rather than imported.
"""

from __future__ import annotations

from boxwatch.grafana.tree import Node, child, node, nodes, panels, text


def resolve(dashboard: Node) -> None:
    """Replace `__inputs`, and put the library panels of `__elements` in place; `__requires` is for the import alone."""
    _place(dashboard, node(dashboard.pop("__elements", None)))
    inputs = nodes(dashboard.pop("__inputs", None))
    constants = {
        f"${{{text(one.get('name'))}}}": _EXPRESSION if _is_expression(one) else text(one.get("value"))
        for one in inputs
        if text(one.get("name")) and (one.get("type") == "constant" or _is_expression(one))
    }
    if constants:
        _replace(dashboard, constants)
    listed = child(dashboard, "templating").setdefault("list", []) if inputs else []
    known = {one.get("name") for one in nodes(listed)}
    sources = [
        one for one in inputs if one.get("type") == "datasource" and text(one.get("name")) and not _is_expression(one)
    ]
    made: list[object] = [
        {
            "name": one["name"],
            "label": text(one.get("label")) or one["name"],
            "type": "datasource",
            "query": text(one.get("pluginId")),
            "hide": 0,
            "includeAll": False,
            "multi": False,
            "options": [],
            "refresh": 1,
            "regex": "",
        }
        for one in sources
        if one["name"] not in known
    ]
    if made and isinstance(listed, list):
        listed[:0] = made


# Grafana's own data source of expressions, which every Grafana has.
_EXPRESSION = "__expr__"


def _is_expression(one: Node) -> bool:
    return one.get("type") == "datasource" and one.get("pluginId") == _EXPRESSION


# What a library panel has of its own on each page.
_OF_PLACE = ("gridPos", "id", "maxPerRow", "repeat", "repeatDirection")


def _place(dashboard: Node, elements: Node) -> None:
    """Library panels that came with an export stand in the page itself: their library is elsewhere."""
    for panel in panels(dashboard) if elements else ():
        model = node(node(elements.get(text(node(panel.get("libraryPanel")).get("uid")))).get("model"))
        if model:
            kept = {key: panel[key] for key in _OF_PLACE if key in panel}
            panel.clear()
            panel.update({key: value for key, value in model.items() if key != "libraryPanel"} | kept)


def _replace(value: object, constants: dict[str, str]) -> object:
    """The same value with constants in place of inputs, at any depth."""
    if isinstance(value, str):
        for name, constant in constants.items():
            value = value.replace(name, constant)
        return value
    if isinstance(value, dict):
        for key in value:
            value[key] = _replace(value[key], constants)
    elif isinstance(value, list):
        value[:] = [_replace(item, constants) for item in value]
    return value
