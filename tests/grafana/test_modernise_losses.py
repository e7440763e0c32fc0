"""Modernising loses nothing: each key arrives, arrives in its current form, or is known to be dead."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.grafana import modernise
from boxwatch.grafana.losses import losses
from boxwatch.grafana.tree import Node, marks, node, nodes


def _made(**page: object) -> Node:
    return modernise.modernise({"title": "t", "schemaVersion": 38, "panels": [], **page})


def test_inputs_of_an_export_become_variables_and_values() -> None:
    """The page is complete without Grafana's import."""
    made = _made(
        __inputs=[
            {"name": "DS_SHOP", "label": "Shop", "type": "datasource", "pluginId": "postgres"},
            {"name": "DS_KNOWN", "type": "datasource", "pluginId": "prometheus"},
            {"name": "VAR_LIMIT", "type": "constant", "value": "30"},
        ],
        templating={"list": [{"name": "DS_KNOWN", "type": "datasource", "query": "prometheus"}]},
        panels=[boards.a_panel(targets=[{"refId": "A", "expr": "up > ${VAR_LIMIT}"}])],
    )

    variables = nodes(node(made["templating"])["list"])
    assert [(one["name"], one["query"]) for one in variables] == [("DS_SHOP", "postgres"), ("DS_KNOWN", "prometheus")]
    assert nodes(nodes(made["panels"])[0]["targets"])[0]["expr"] == "up > 30"
    assert "__inputs" not in made


def test_annotations_keep_the_query_of_their_data_source() -> None:
    """Whatever its keys are; Grafana's own events are asked for by a target."""
    sql = {"name": "a", "datasource": {"type": "postgres", "uid": "x"}, "rawQuery": "select 1", "instant": False}
    tags = {"name": "b", "datasource": "-- Grafana --", "tags": ["deploy"], "limit": 5, "matchAny": True, "showIn": 0}
    made = {one["name"]: one for one in marks(_made(annotations={"list": [sql, tags]}))}

    assert (made["a"]["rawQuery"], made["a"]["instant"]) == ("select 1", False)
    assert made["b"]["target"] == {"type": "dashboard", "limit": 5, "tags": ["deploy"], "matchAny": True}
    assert "showIn" not in made["b"]


def test_rows_in_rows_become_rows_beside_them() -> None:
    """Grafana knows one level of rows; the panels below move down."""
    deepest = {"type": "row", "id": 4, "title": "deepest", "panels": [boards.a_panel(id=5)]}
    inner = {"type": "row", "id": 2, "title": "inner", "panels": [boards.a_panel(id=3), deepest]}
    outer = {"type": "row", "id": 1, "title": "outer", "collapsed": True, "panels": [inner]}
    place = {"x": 0, "y": 0, "w": 24, "h": 1}
    below = boards.a_panel(id=6, gridPos={"x": 0, "y": 1, "w": 12, "h": 8})
    made = nodes(_made(panels=[{**outer, "gridPos": place}, below])["panels"])

    assert [(one["id"], [each["id"] for each in nodes(one.get("panels"))]) for one in made] == [
        (1, []), (2, [3]), (4, [5]), (6, []),
    ]  # fmt: skip
    assert [node(one["gridPos"])["y"] for one in made] == [0, 1, 2, 3]


def test_a_page_with_rows_of_grafana_4_is_read_as_one() -> None:
    """Whatever version it claims to have."""
    made = _made(schemaVersion=39, rows=[{"title": "r", "panels": [boards.a_panel(id=1, span=6)]}])

    assert [one["id"] for one in nodes(made["panels"])] == [1]


@pytest.mark.parametrize("version", [36, 42])
def test_unknown_keys_of_current_pages_stay(version: int) -> None:
    """They are of a later Grafana or of a plugin; dead ones go, and so does null."""
    field = {"defaults": {"newest": 1, "unitScale": True}, "overrides": []}
    panel = boards.a_panel(id=1, newest={"a": 1}, nullPointMode="null", nothing=None, fieldConfig=field)
    variable = {"name": "v", "type": "query", "query": "up", "newest": 1, "useTags": False, "regexApplyTo": "value"}
    given_ = {"newest": [1], "style": "dark", "panels": [panel], "templating": {"list": [variable]}}
    made = _made(**given_, schemaVersion=version)

    (kept,) = nodes(made["panels"])
    assert (made["newest"], kept["newest"], node(node(kept["fieldConfig"])["defaults"])["newest"]) == ([1], {"a": 1}, 1)
    assert "style" not in made
    assert not {"nullPointMode", "nothing"} & kept.keys()
    (found,) = nodes(node(made["templating"])["list"])
    assert (found["newest"], found["regexApplyTo"], "useTags" in found) == (1, "value", False)


def test_unknown_keys_of_old_pages_go() -> None:
    """Most are leftovers of panels that have another type now."""
    made = _made(newest=1, schemaVersion=30, panels=[boards.a_panel(id=1, newest=1)])

    assert "newest" not in made
    assert "newest" not in nodes(made["panels"])[0]


def _losses(**page: object) -> list[tuple[str, str, str]]:
    given: Node = {"title": "t", "schemaVersion": 38, "panels": [], **page}
    return [(one.where, one.key, one.reason) for one in losses(given, modernise.modernise(given))]


def test_what_is_dropped_is_named_with_the_reason() -> None:
    """In the page, its panels, its variables; not what says nothing."""
    panel = boards.a_panel(id=1, title="p", nullPointMode="null", aliasColors={})
    variable = {"name": "v", "type": "query", "query": "up", "useTags": True, "tagsQuery": ""}

    assert _losses(style="dark", panels=[panel], templating={"list": [variable]}) == [
        ("dashboard", "style", "the theme is chosen by the user since Grafana 10"),
        ('panel "p"', "nullPointMode", "setting of a panel of AngularJS, which Grafana 12 removed"),
        ("variable v", "useTags", "removed in Grafana 8"),
    ]


def test_unknown_keys_of_old_pages_are_named_too() -> None:
    """So that nobody looks for them in vain."""
    reason = "unknown to current Grafana, in a page of an older one"

    assert _losses(schemaVersion=30, newest=1) == [("dashboard", "newest", reason)]


def test_a_panel_left_to_grafana_loses_nothing() -> None:
    """All keys are still there for its front end."""
    old: Node = {"id": 1, "type": "graph", "title": "p", "lines": True, "aliasColors": {"in": "red"}}

    assert _losses(schemaVersion=22, panels=[old]) == []


def test_a_converted_panel_says_so() -> None:
    """Its settings have another name now."""
    old: Node = {"id": 1, "type": "graph", "title": "p", "lines": True}

    assert ('panel "p"', "lines", "converted to the options of its present type") in _losses(
        schemaVersion=22, panels=[old]
    )


def test_panels_in_rows_of_grafana_4_are_compared_as_well() -> None:
    """Their rows are named as rows."""
    found = _losses(schemaVersion=14, rows=[{"title": "r", "panels": [boards.a_panel(id=1, title="p", odd=1)]}])

    assert [(where, key) for where, key, _ in found] == [("dashboard", "rows"), ('panel "p"', "odd")]


def test_library_panels_of_an_export_stand_in_the_page() -> None:
    """Their library is that of another Grafana; place and repetition are the page's."""
    element = {"uid": "lib", "name": "L", "kind": 1, "model": {**boards.a_panel(title="from the library"), "id": 99}}
    placed = {"id": 7, "libraryPanel": {"uid": "lib"}, "gridPos": {"x": 0, "y": 0, "w": 6, "h": 4}}
    made = _made(__elements={"lib": element}, panels=[placed, {**placed, "id": 8, "libraryPanel": {"uid": "other"}}])

    first, second = nodes(made["panels"])
    assert (first["title"], first["id"], node(first["gridPos"])["w"]) == ("from the library", 7, 6)
    assert node(second["libraryPanel"])["uid"] == "other"
    assert "__elements" not in made


def test_expressions_of_an_export_are_grafanas_own() -> None:
    """No data source is to be chosen for them."""
    target = {"refId": "A", "datasource": {"type": "__expr__", "uid": "${DS_EXPRESSION}"}, "expression": "$B > 1"}
    given = {"name": "DS_EXPRESSION", "type": "datasource", "pluginId": "__expr__"}
    made = _made(__inputs=[given], panels=[boards.a_panel(id=1, targets=[target])])

    assert node(nodes(nodes(made["panels"])[0]["targets"])[0]["datasource"])["uid"] == "__expr__"
    assert nodes(node(made["templating"])["list"]) == []
