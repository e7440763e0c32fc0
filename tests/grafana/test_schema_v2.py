"""Dashboards in schema v2 are valid by Grafana's schema, and lose nothing of the classic dashboard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import boards, grafana_schema, third_party
from support.topologies import complete

from boxwatch.dashboards import catalogue
from boxwatch.grafana import tree
from boxwatch.grafana.modernise import modernise
from boxwatch.grafana.schema_v2 import resource, variable
from boxwatch.grafana.tree import Node, node, nodes
from boxwatch.rules import catalogue as rules


def saved() -> list[Path]:
    """Grafana's own dashboards, before and after it stored them."""
    return sorted((third_party.folder("grafana") / "saved").rglob("*.json"))


@pytest.mark.parametrize("schema", ["v2", "v2beta1"])
def test_ours_are_resources(schema: str) -> None:
    """The resource's name is the uid of the classic dashboard."""
    for file, text in catalogue.files(rules.build(complete()), schema).items():
        made = json.loads(text)
        assert made["apiVersion"] == f"dashboard.grafana.app/{schema}"
        assert made["kind"] == "Dashboard"
        assert made["metadata"] == {"name": f"boxwatch-{file.removesuffix('.json')}"}


@pytest.mark.third_party
def test_grafanas_schema_has_nothing_against_ours() -> None:
    """Our dashboards are valid in schema v2, for every size of deployment."""
    for topology in (complete(), boards.a_topology(20, 8)):
        for text in catalogue.files(rules.build(topology), "v2").values():
            assert list(grafana_schema.errors_v2(json.loads(text)["spec"])) == []


@pytest.mark.third_party
def test_grafanas_schema_has_nothing_against_its_own_dashboards() -> None:
    """Stored dashboards, and their modernised originals, are valid in schema v2."""
    for path in saved():
        dashboard = modernise(json.loads(path.read_text(encoding="utf-8")))
        assert list(grafana_schema.errors_v2(resource.spec(dashboard))) == [], path.name


@pytest.mark.third_party
def test_every_panel_is_an_element_that_the_layout_names_once() -> None:
    """Collapsed panels are elements too; a row is part of the layout, not an element."""
    for path in saved():
        dashboard = modernise(json.loads(path.read_text(encoding="utf-8")))
        made = resource.spec(dashboard)
        named = [
            node(item["element"])["name"]
            for item in _objects(made["layout"])
            if node(item.get("element")).get("kind") == "ElementReference"
        ]
        assert sorted(map(str, named)) == sorted(node(made["elements"]))


def test_no_text_or_number_of_ours_is_lost() -> None:
    """Every text and number of a classic dashboard occurs in its counterpart."""
    for board in boards.ours().values():
        made = set(tree.strings(resource.to_v2(board)))
        numbered = {"graphTooltip", "hide", "refresh", "schemaVersion", "type"}
        for string in tree.strings({key: value for key, value in board.items() if key not in numbered}):
            assert string in made or string in _WORDS, string


# Kinds of variables, and of panels that schema v2 has as part of the layout; Grafana's name for its own annotations.
_WORDS = {"datasource", "query", "row", ""}


def _objects(value: object) -> list[Node]:
    if isinstance(value, dict):
        return [value, *(found for inner in value.values() for found in _objects(inner))]
    return [found for inner in value for found in _objects(inner)] if isinstance(value, list) else []


def rows(*panels: Node) -> list[Node]:
    """The rows of a layout."""
    layout = node(resource.spec({"panels": list(panels)})["layout"])
    assert layout["kind"] == "RowsLayout"
    return [node(row["spec"]) for row in nodes(node(layout["spec"])["rows"])]


def a_row(title: str, y: int, *folded: Node, **changes: object) -> Node:
    """A row with the panels collapsed in it."""
    place = {"x": 0, "y": y, "w": 24, "h": 1}
    return {
        "type": "row",
        "title": title,
        "gridPos": place,
        "panels": list(folded),
        "collapsed": bool(folded),
    } | changes


def at(x: int, y: int, number: int) -> Node:
    """A panel at a grid position."""
    return boards.a_panel(id=number, gridPos={"x": x, "y": y, "w": 12, "h": 8})


def test_lines_are_counted_from_the_heading_of_their_row() -> None:
    """Panels above the first heading are in a row without one."""
    first, second, third = rows(
        at(0, 0, 1), a_row("Memory", 8), at(12, 9, 2), at(0, 17, 3), a_row("Folded", 25, at(0, 26, 4), repeat="server")
    )
    assert (first["hideHeader"], first["title"]) == (True, "")
    assert (second["title"], second["collapse"]) == ("Memory", False)
    assert (third["collapse"], third["repeat"]) == (True, {"mode": "variable", "value": "server"})
    places = [
        [
            (node(item["spec"])["x"], node(item["spec"])["y"])
            for item in nodes(node(node(row["layout"])["spec"])["items"])
        ]
        for row in (first, second, third)
    ]
    assert places == [[(0, 0)], [(12, 0), (0, 8)], [(0, 0)]]


def test_without_rows_the_layout_is_a_grid() -> None:
    """A repeated panel keeps its variable, direction and maximum per row."""
    panel = at(0, 3, 1) | {"repeat": "server", "repeatDirection": "h", "maxPerRow": 4}
    layout = node(resource.spec({"panels": [panel]})["layout"])
    (item,) = nodes(node(layout["spec"])["items"])
    assert (layout["kind"], node(item["spec"])["y"]) == ("GridLayout", 3)
    expected = {"mode": "variable", "value": "server", "direction": "h", "maxPerRow": 4}
    assert node(item["spec"])["repeat"] == expected


def element(panel: Node) -> Node:
    """The element converted from a panel."""
    (made,) = nodes(list(node(resource.spec({"panels": [panel]})["elements"]).values()))
    return node(made["spec"])


def test_a_query_names_its_data_source_or_the_panels() -> None:
    """A query takes its panel's data source, unless that is "mixed"."""
    other: Node = {"type": "loki", "uid": "l"}
    panel = boards.a_panel(targets=[{"refId": "A", "expr": "up"}, {"refId": "B", "datasource": other, "hide": True}])
    first, second = (node(each["spec"]) for each in nodes(node(node(element(panel)["data"])["spec"])["queries"]))
    assert first == {
        "hidden": False,
        "refId": "A",
        "query": {
            "kind": "DataQuery",
            "group": "prometheus",
            "version": "v0",
            "datasource": {"name": "${datasource}"},
            "spec": {"expr": "up"},
        },
    }
    assert (second["hidden"], node(second["query"])["group"]) == (True, "loki")
    mixed = boards.a_panel(datasource={"type": "datasource", "uid": "-- Mixed --"}, targets=[{"refId": "A"}])
    (query,) = nodes(node(node(element(mixed)["data"])["spec"])["queries"])
    assert "datasource" not in node(node(query["spec"])["query"])


def test_what_a_panel_says_of_all_its_queries_is_kept() -> None:
    """Intervals and transformations are kept; the two versions name a transformation differently."""
    step: Node = {"id": "merge", "options": {}, "disabled": True}
    panel = boards.a_panel(transformations=[step], maxDataPoints=500, timeFrom="1h")
    group = node(node(element(panel)["data"])["spec"])
    assert group["queryOptions"] == {"interval": "30s", "maxDataPoints": 500, "timeFrom": "1h"}
    assert group["transformations"] == [
        {"kind": "Transformation", "group": "merge", "spec": {"disabled": True, "options": {}}}
    ]
    old = node(resource.spec({"panels": [panel]}, "v2beta1")["elements"])["panel-1"]
    assert node(node(node(node(old)["spec"])["data"])["spec"])["transformations"] == [
        {"kind": "merge", "spec": {"id": "merge", "disabled": True, "options": {}}}
    ]


def test_thresholds_begin_at_null_where_a_classic_dashboard_says_nothing() -> None:
    """The first step's implicit minus infinity becomes null."""
    thresholds = {"mode": "absolute", "steps": [{"color": "green"}, {"color": "red", "value": 1}]}
    panel = boards.a_panel(fieldConfig={"defaults": {"thresholds": thresholds, "links": []}, "overrides": []})
    defaults = node(node(node(node(element(panel)["vizConfig"])["spec"])["fieldConfig"])["defaults"])
    assert defaults == {
        "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 1}]}
    }


def test_panels_that_are_kept_elsewhere_or_come_from_angularjs() -> None:
    """A library panel becomes a reference; an AngularJS panel keeps the source for Grafana's conversion."""
    library: Node = {"id": 5, "title": "Kept", "libraryPanel": {"name": "n", "uid": "u"}}
    assert node(resource.spec({"panels": [library]})["elements"])["panel-5"] == {
        "kind": "LibraryPanel",
        "spec": {"id": 5, "title": "Kept", "libraryPanel": {"name": "n", "uid": "u"}},
    }
    old = boards.a_panel(type="timeseries", autoMigrateFrom="graph", yaxes=[{"format": "s"}], transparent=True)
    made = element(old)
    options = node(node(node(made["vizConfig"])["spec"])["options"])
    assert options["__angularMigration"] == {
        "autoMigrateFrom": "graph",
        "originalOptions": {"yaxes": [{"format": "s"}]},
    }
    assert made["transparent"] is True


@pytest.mark.third_party
@pytest.mark.parametrize(
    ("classic", "kind", "part"),
    [
        ({"type": "query", "query": "label_values(x)", "sort": 1}, "QueryVariable", {"sort": "alphabeticalAsc"}),
        ({"type": "query", "query": "metrics(x)", "refresh": 2}, "QueryVariable", {"refresh": "onTimeRangeChanged"}),
        ({"type": "query", "query": {"query": "x"}, "hide": 2}, "QueryVariable", {"hide": "hideVariable"}),
        ({"type": "datasource", "query": "loki", "refresh": 1}, "DatasourceVariable", {"pluginId": "loki"}),
        ({"type": "custom", "query": "a,b", "multi": True}, "CustomVariable", {"multi": True, "query": "a,b"}),
        ({"type": "constant", "query": "a"}, "ConstantVariable", {"current": {"text": "a", "value": "a"}}),
        ({"type": "textbox", "query": "a", "label": "L"}, "TextVariable", {"label": "L"}),
        ({"type": "interval", "query": "1m,5m", "auto_count": 9}, "IntervalVariable", {"auto_count": 9, "auto": False}),
        ({"type": "adhoc", "datasource": {"type": "prometheus", "uid": "p"}}, "AdhocVariable", {"filters": []}),
        ({"type": "groupby", "current": {"text": ["a"], "value": ["a"]}}, "GroupByVariable", {"multi": True}),
        ({"type": "switch", "current": {"value": "1"}, "options": [{"value": "1"}, {"value": "0"}]}, "SwitchVariable",
         {"current": "1", "enabledValue": "1", "disabledValue": "0"}),
    ],
)  # fmt: skip
def test_variables(classic: Node, kind: str, part: Node) -> None:
    """Each variable type has its own kind, with names instead of numbers."""
    made = variable.to_v2({"name": "x", **classic})
    assert made is not None
    assert made["kind"] == kind
    assert part.items() <= node(made["spec"]).items()
    assert list(grafana_schema.errors_v2({**resource.spec({}), "variables": [made]})) == []


def test_a_variable_that_schema_v2_does_not_have() -> None:
    """`system` variables are dropped, because Grafana creates them itself."""
    assert variable.to_v2({"type": "system", "name": "x"}) is None


@pytest.mark.third_party
def test_an_empty_dashboard_is_valid_too() -> None:
    """An empty dashboard converts to a valid resource."""
    assert list(grafana_schema.errors_v2(resource.spec(modernise({})))) == []


def test_times_and_intervals_are_kept() -> None:
    """All settings of the time picker are kept."""
    picker: Node = {"refresh_intervals": ["1m"], "hidden": True, "nowDelay": "1m", "quick_ranges": [{"display": "x"}]}
    made = node(resource.spec({"timepicker": picker, "weekStart": "monday", "refresh": "5m"})["timeSettings"])
    assert made == {
        "autoRefresh": "5m", "autoRefreshIntervals": ["1m"], "fiscalYearStartMonth": 0, "from": "now-6h", "to": "now",
        "hideTimepicker": True, "nowDelay": "1m", "quickRanges": [{"display": "x"}], "timezone": "",
        "weekStart": "monday",
    }  # fmt: skip


def test_an_annotation_keeps_what_its_data_source_reads() -> None:
    """Data source keys outside the target are kept as `legacyOptions`."""
    mark: Node = {"name": "A", "builtIn": 1, "filter": {"ids": [1]}, "placement": "inControlsMenu", "titleFormat": "t"}
    (made,) = nodes(resource.spec({"annotations": {"list": [mark]}})["annotations"])
    spec = node(made["spec"])
    assert (spec["builtIn"], spec["filter"], spec["placement"]) == (True, {"ids": [1]}, "inControlsMenu")
    assert spec["legacyOptions"] == {"titleFormat": "t"}
