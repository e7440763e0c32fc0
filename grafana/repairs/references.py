"""Repairs of data source references: objects, with the type if a variable reveals it."""

from __future__ import annotations

from boxwatch.grafana.tree import Node, text, variables


def _variable_named(uid: str) -> str:
    """The variable in a uid: `$x`, `${x}`, `[[x]]`; empty for a plain uid."""
    for start, end in (("${", "}"), ("[[", "]]"), ("$", "")):
        if uid.startswith(start) and uid.endswith(end):
            return uid[len(start) : len(uid) - len(end)]
    return ""


def repair(holder: Node, dashboard: Node) -> None:
    """Make the `datasource` of a panel, query, variable or annotation a reference, if it has one."""
    value = holder.get("datasource")
    if isinstance(value, str) and value:
        value = {"uid": value}
        holder["datasource"] = value
    if isinstance(value, dict):
        # Grafana looks up the plugin's API version and the default data source itself.
        for key in [key for key, said in value.items() if key not in ("type", "uid") or not isinstance(said, str)]:
            del value[key]
    if not isinstance(value, dict) or not value:
        holder.pop("datasource", None)
        return
    if "type" not in value:
        named = _variable_named(text(value.get("uid")))
        for variable in variables(dashboard):
            if variable.get("type") == "datasource" and variable.get("name") == named and text(variable.get("query")):
                value["type"] = variable["query"]
