"""The inputs of an export: questions that Grafana asks whoever imports it, answered in the dashboard itself.

`${DS_METRICS}` of an input becomes a data source variable of that name, `${VAR_LIMIT}` the constant's value. Without
them the dashboard refers to data sources that do not exist, when it is published rather than imported.
"""

from __future__ import annotations

from boxwatch.grafana.tree import Node, child, nodes, text


def resolve(dashboard: Node) -> None:
    """Replace `__inputs`; `__elements` (library panels) stay, `__requires` only say what Grafana checks at import."""
    inputs = nodes(dashboard.pop("__inputs", None))
    constants = {
        f"${{{text(one.get('name'))}}}": text(one.get("value"))
        for one in inputs
        if one.get("type") == "constant" and text(one.get("name"))
    }
    if constants:
        _replace(dashboard, constants)
    listed = child(dashboard, "templating").setdefault("list", []) if inputs else []
    known = {one.get("name") for one in nodes(listed)}
    sources = [one for one in inputs if one.get("type") == "datasource" and text(one.get("name"))]
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
