"""Tabs and conditional rows, which only schema v2 has: the same panels, arranged better.

Sections that are closed in the classic dashboard become tabs next to the open ones. An open section whose panels all
have words of their own for no data disappears while none of them has any.
"""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.grafana.tree import Node, node, nodes, text

_FIRST = "Now"
_WITH_DATA: Node = {
    "kind": "ConditionalRenderingGroup",
    "spec": {
        "visibility": "show",
        "condition": "or",
        "items": [{"kind": "ConditionalRenderingData", "spec": {"value": True}}],
    },
}


def arranged(resource: Mapping[str, object]) -> Node:
    """The resource with its closed rows as tabs, and conditions on rows; the argument is not changed."""
    spec = node(resource.get("spec"))
    layout = node(spec.get("layout"))
    if layout.get("kind") != "RowsLayout":
        return dict(resource)
    rows = [_conditional(row, node(spec.get("elements"))) for row in nodes(node(layout.get("spec")).get("rows"))]
    opened = [row for row in rows if node(row["spec"]).get("collapse") is not True]
    closed = [node(row["spec"]) for row in rows if node(row["spec"]).get("collapse") is True]
    made: Node = {"kind": "RowsLayout", "spec": {"rows": opened}}
    if closed:
        tabs = [_tab(_FIRST, made), *(_tab(text(row.get("title")), node(row.get("layout"))) for row in closed)]
        made = {"kind": "TabsLayout", "spec": {"tabs": tabs}}
    return {**resource, "spec": {**spec, "layout": made}}


def _tab(title: str, layout: Node) -> Node:
    return {"kind": "TabsLayoutTab", "spec": {"title": title, "layout": layout}}


def _conditional(row: Node, elements: Node) -> Node:
    spec = node(row.get("spec"))
    items = [node(item["spec"]) for item in nodes(node(node(spec.get("layout")).get("spec")).get("items"))]
    names = [text(node(item["element"]).get("name")) for item in items]
    if names and all(_says_so(node(elements.get(name))) for name in names):
        return {**row, "spec": {**spec, "conditionalRendering": _WITH_DATA}}
    return row


def _says_so(element: Node) -> bool:
    """Whether a panel has words of its own for no data."""
    visual = node(node(node(element.get("spec")).get("vizConfig")).get("spec"))
    return bool(text(node(node(visual.get("fieldConfig")).get("defaults")).get("noValue")))
