"""Tabs and conditional rows of schema v2."""

from __future__ import annotations

import json

import pytest
from support import boards, grafana_schema
from support.topologies import complete

from boxwatch.dashboards import catalogue, service
from boxwatch.grafana import tree
from boxwatch.grafana.schema_v2 import resource, tabs
from boxwatch.grafana.tree import Node, node, nodes
from boxwatch.rules import catalogue as rules

_CLASSIC = service.build(rules.build(complete()))
_ARRANGED = tabs.arranged(resource.to_v2(_CLASSIC, "v2"))


def _layout(made: Node) -> Node:
    return node(node(made["spec"])["layout"])


def _tabs(made: Node) -> dict[str, Node]:
    return {str(node(tab["spec"])["title"]): node(tab["spec"]) for tab in nodes(node(_layout(made)["spec"])["tabs"])}


def _shown(layout: object) -> list[str]:
    """The names of all elements that a layout shows."""
    if isinstance(layout, dict):
        if layout.get("kind") == "ElementReference":
            return [str(layout["name"])]
        return [name for value in layout.values() for name in _shown(value)]
    return [name for value in layout for name in _shown(value)] if isinstance(layout, list) else []


def test_closed_sections_become_tabs() -> None:
    """The open ones are the first, in their order."""
    closed = [str(panel["title"]) for panel in nodes(_CLASSIC["panels"]) if panel.get("collapsed")]
    found = _tabs(_ARRANGED)
    assert list(found) == ["Now", *closed]
    assert node(found["Now"]["layout"])["kind"] == "RowsLayout"
    assert all(node(found[title]["layout"])["kind"] == "GridLayout" for title in closed)


def test_every_panel_is_shown_once() -> None:
    """Another arrangement of the same panels."""
    shown = _shown(_layout(_ARRANGED))
    assert sorted(shown) == sorted(node(node(_ARRANGED["spec"])["elements"]))
    assert len(shown) == len(list(tree.plots(_CLASSIC)))


def test_requests_are_hidden_for_services_without_any() -> None:
    """A worker has no requests through Traefik; its replicas are always of interest."""
    rows = nodes(node(node(_tabs(_ARRANGED)["Now"]["layout"])["spec"])["rows"])
    conditional = [str(node(row["spec"])["title"]) for row in rows if "conditionalRendering" in node(row["spec"])]
    assert conditional == ["Requests"]


@pytest.mark.parametrize("layout", [{"kind": "GridLayout", "spec": {"items": []}}, {}])
def test_a_page_without_rows_stays_as_it_is(layout: Node) -> None:
    """There is nothing to arrange."""
    made: Node = {"spec": {"layout": layout, "elements": {}}}
    assert tabs.arranged(made) == made


def test_a_page_without_closed_sections_has_no_tabs() -> None:
    """One tab alone would be a riddle."""
    classic = boards.ours()["capacity.json"]
    assert _layout(tabs.arranged(resource.to_v2(classic, "v2")))["kind"] == "RowsLayout"


@pytest.mark.third_party
def test_grafanas_schema_has_nothing_against_it() -> None:
    """Files of both versions are valid, and deterministic."""
    made = json.loads(catalogue.files(rules.build(complete()), "v2")["service.json"])
    assert _layout(made) == _layout(_ARRANGED)
    assert list(grafana_schema.errors_v2(node(made["spec"]))) == []
