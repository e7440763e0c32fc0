"""A panel is repeated over a variable with one value or none: it appears once, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node

ID = "dashboard_repeats"


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """The variable has values and allows several. dashboard_variables finds undeclared ones."""
    declared = {tree.text(variable.get("name")): variable for variable in tree.variables(dashboard)}
    for panel in tree.panels(dashboard):
        name = tree.text(panel.get("repeat"))
        if name not in declared:
            continue
        variable = declared[name]
        if _is_empty(variable):
            message = f"the panel is repeated over ${name}, which has no values"
            yield Finding(file, tree.name(panel), ID, "error", message)
        elif variable.get("multi") is not True and variable.get("includeAll") is not True:
            message = f"the panel is repeated over ${name}, which allows a single value only"
            hint = f'write "multi": true, "includeAll": true in the variable {name}'
            yield Finding(file, tree.name(panel), ID, "warning", message, hint)


def _is_empty(variable: Node) -> bool:
    query = variable.get("query")
    asked = tree.text(query) or tree.text(tree.node(query).get("query")) or tree.text(tree.node(query).get("label"))
    return variable.get("type") in ("custom", "query") and not asked.strip() and not tree.nodes(variable.get("options"))
