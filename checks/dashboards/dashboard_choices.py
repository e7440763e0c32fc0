"""A panel ignores the template variables: after choosing a server, readers still see another's numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions, tree
from boxwatch.grafana.tree import Node

ID = "dashboard_choices"

_HIDDEN = 2


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Where the dashboard has query variables, each panel with queries uses one of them."""
    offered = [
        tree.text(variable.get("name"))
        for variable in tree.variables(dashboard)
        if variable.get("type") == "query" and variable.get("hide") != _HIDDEN
    ]
    for panel in tree.plots(dashboard):
        if offered and tree.targets(panel) and not _used(panel) & set(offered) and not _borrows(panel):
            names = ", ".join(f"${name}" for name in offered)
            message = f"the panel uses none of the template variables: {names}"
            yield Finding(file, tree.name(panel), ID, "warning", message, f'{offered[0]}=~"${offered[0]}"')


def _used(panel: Node) -> set[str]:
    written = tree.strings([tree.targets(panel), panel.get("repeat")])
    return {name for string in written for name in expressions.used(string)} | {tree.text(panel.get("repeat"))}


def _borrows(panel: Node) -> bool:
    """Whether it shows another panel's results, which are judged there."""
    return tree.text(tree.node(panel.get("datasource")).get("uid")) == expressions.OF_ANOTHER_PANEL
