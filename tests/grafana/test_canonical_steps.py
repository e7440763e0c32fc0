"""Each schema migration on its own; its number is the version it migrates to."""

from __future__ import annotations

import pytest
from support.stored_form import lifted, one_panel, one_variable

from boxwatch.grafana.canonical.form import canonical
from boxwatch.grafana.canonical.sources import Source, Sources
from boxwatch.grafana.tree import Node, node, nodes


def test_14_shared_crosshair() -> None:
    """A boolean becomes one of three tooltip modes."""
    assert lifted(13, sharedCrosshair=True)["graphTooltip"] == 1
    assert lifted(13)["graphTooltip"] == 0


def test_16_rows_become_a_grid() -> None:
    """Twelve spans and heights in pixels become grid positions."""
    rows = [
        {"height": "250px", "panels": [{"id": 1, "type": "a", "span": 6}, {"id": 2, "type": "a", "span": 6}]},
        {"height": 100, "panels": [{"id": 3, "type": "a", "span": 12, "height": "400px"}]},
    ]
    made = nodes(lifted(15, rows=rows)["panels"])
    assert [panel["gridPos"] for panel in made] == [
        {"x": 0, "y": 0, "w": 12, "h": 7},
        {"x": 12, "y": 0, "w": 12, "h": 7},
        {"x": 0, "y": 7, "w": 24, "h": 11},
    ]


def test_16_rows_with_headings_and_folds() -> None:
    """Panels of a collapsed row move into the row panel."""
    rows = [
        {"title": "One", "showTitle": True, "panels": [{"id": 1, "type": "a", "minSpan": 3}]},
        {"title": "Two", "collapse": True, "panels": [{"id": 2, "type": "a"}], "repeat": "x", "height": "tall"},
        {"repeatIteration": 1, "panels": []},
    ]
    made = nodes(lifted(15, rows=rows)["panels"])
    assert [(panel["type"], panel.get("title")) for panel in made] == [("row", "One"), ("a", None), ("row", "Two")]
    assert [panel["id"] for panel in nodes(made[2]["panels"])] == [2]
    assert made[2]["repeat"] == "x"


def test_16_panels_that_do_not_fit_go_to_the_next_line() -> None:
    """Two panels of eight columns fit into sixteen, and Grafana fills from the right."""
    rows = [{"panels": [{"id": number, "type": "a", "span": 8} for number in (1, 2, 3)]}]
    made = nodes(lifted(15, rows=rows)["panels"])
    assert [(node(panel["gridPos"])["x"], node(panel["gridPos"])["y"]) for panel in made] == [(0, 0), (0, 7), (0, 14)]


@pytest.mark.parametrize(("least", "most"), [(4, 6), (24, 1), (5, 4), (0, None), ("x", None)])
def test_17_least_width_becomes_panels_a_row(least: object, most: object) -> None:
    """Invalid widths are dropped."""
    panel = one_panel(16, minSpan=least)
    assert panel.get("maxPerRow") == most
    assert "minSpan" not in panel


def test_18_first_gauge() -> None:
    """The first gauge stored its thresholds in reverse order."""
    old = {"unit": "s", "stat": "avg", "thresholds": [{"value": 1}, {"value": 0}], "minValue": 3, "options": {}}
    options = one_panel(17, **{"options-gauge": old})["options"]
    assert options == {
        "valueOptions": {"unit": "s", "stat": "avg"}, "thresholds": [{"value": 0}, {"value": 1}], "minValue": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"url": "/x", "keepTime": True, "params": "a=b"}, {"url": "/x?$__url_time_range&a=b", "title": ""}),
        ({"dashboard": "My Board!", "title": "T"}, {"url": "dashboard/db/my-board", "title": "T"}),
        (
            {"dashUri": "db/x", "includeVars": True, "targetBlank": True},
            {"url": "dashboard/db/x?$__all_variables", "title": "", "targetBlank": True},
        ),
        ({}, {"url": "/", "title": ""}),
    ],
)
def test_19_links_of_panels(old: Node, new: Node) -> None:
    """Links by dashboard name, URI or URL become URLs."""
    assert one_panel(18, links=[old])["links"] == [new]


def test_20_and_21_words_in_links() -> None:
    """Variables are renamed in data links and in the options of Grafana 6."""
    link = {"url": "/x?$__series_name&__field_name&${__series.labels.a}"}
    options = {"fieldOptions": {"defaults": {"title": "$__field_name", "links": [dict(link)]}}, "dataLinks": [link]}
    made = node(one_panel(19, options=options)["options"])
    expected = "/x?${__series.name}&__field.name&${__field.labels.a}"
    assert nodes(made["dataLinks"])[0]["url"] == expected
    defaults = node(node(made["fieldOptions"])["defaults"])
    assert (defaults["title"], nodes(defaults["links"])[0]["url"]) == ("${__field.name}", expected)


def test_22_and_24_tables_with_styles_are_old_tables() -> None:
    """A table with styles is the old panel, because the new one has none."""
    panel = one_panel(21, type="table", styles=[{}])
    assert (panel["autoMigrateFrom"], panel["styles"]) == ("table-old", [{"align": "auto"}])


def test_23_what_is_chosen_is_a_list_when_several_can_be() -> None:
    """The current value is a list for a multi-value variable, and a single value otherwise."""
    assert one_variable(22, multi=True, current={"text": "a", "value": "a"})["current"] == {
        "text": ["a"], "value": ["a"],
    }  # fmt: skip
    assert one_variable(22, multi=False, current={"text": ["a"], "value": []})["current"] == {"text": "a", "value": ""}
    listed: Node = {"text": "All", "value": ["$__all"]}
    assert one_variable(22, multi=True, current=listed)["current"] == listed


def test_26_text_panels() -> None:
    """The second text panel type becomes the only one."""
    panel = one_panel(25, type="text2", options={"angular": {}, "content": "x"})
    assert (panel["type"], panel["options"]) == ("text", {"content": "x"})


def test_27_constants() -> None:
    """A visible constant can be edited, so it becomes a text box."""
    seen = one_variable(26, type="constant", query="5", hide=0)
    assert (seen["type"], node(seen["current"])["value"]) == ("textbox", "5")
    hidden = one_variable(26, type="constant", query="5", hide=2)
    assert hidden["type"] == "constant"
    assert "options" not in hidden


def test_27_clones_in_folded_rows() -> None:
    """Clones of repeated panels are dropped from collapsed rows too."""
    row = one_panel(26, type="row", panels=[{"id": 2}, {"id": 3, "repeatPanelId": 2}])
    assert [panel["id"] for panel in nodes(row["panels"])] == [2]


def test_28_and_29_query_variables() -> None:
    """Query variables lose their tags and stored options."""
    variable = one_variable(27, type="query", tags=[], useTags=True, options=[{"text": "a"}], refresh=0)
    assert "tags" not in variable
    assert "useTags" not in variable
    assert (variable["refresh"], variable["options"]) == (1, [])


def test_30_value_mappings() -> None:
    """Numbered types get names, single values share one mapping, colours come from thresholds."""
    mappings = [
        {"type": 1, "value": "1", "text": "10"},
        {"type": 1, "value": "null", "text": "none"},
        {"type": 1, "value": 2.0, "text": "two"},
        {"type": 1, "value": True, "text": "yes"},
        {"type": 2, "from": "3", "to": "x", "text": "range"},
        {"type": "value", "options": {"9": {"text": "nine"}}},
        {"type": "special", "options": {}},
    ]
    thresholds = {"steps": [{"color": "green", "value": None}, {"color": "red", "value": 5}, {"color": "x"}]}
    config = {
        "defaults": {"mappings": mappings, "thresholds": thresholds},
        "overrides": [{"properties": [{"id": "mappings", "value": mappings[:1]}]}],
    }
    panel = one_panel(29, fieldConfig=config, options={"tooltipOptions": {"mode": "multi"}})
    made = node(panel["fieldConfig"])
    assert node(made["defaults"])["mappings"] == [
        {
            "type": "value",
            "options": {
                "1": {"text": "10", "color": "red"}, "2": {"text": "two"}, "true": {"text": "yes"},
                "9": {"text": "nine"},
            },
        },
        {"type": "special", "options": {"match": "null", "result": {"text": "none"}}},
        {"type": "range", "options": {"from": 3, "to": 0, "result": {"text": "range"}}},
        {"type": "special", "options": {}},
    ]  # fmt: skip
    assert nodes(nodes(made["overrides"])[0]["properties"])[0]["value"] == [
        {"type": "value", "options": {"1": {"text": "10"}}}
    ]
    assert panel["options"] == {"tooltip": {"mode": "multi"}}


def test_31_labels_that_become_fields_are_merged() -> None:
    """Merging becomes a separate transformation."""
    panel = one_panel(30, transformations=[{"id": "labelsToFields"}, {"id": "x"}])
    assert [step["id"] for step in nodes(panel["transformations"])] == ["labelsToFields", "merge", "x"]


def test_35_the_time_axis_stays() -> None:
    """Hiding the y axis used to hide the time axis too; it stays visible."""
    panel = one_panel(34, fieldConfig={"defaults": {"custom": {"axisPlacement": "hidden"}}})
    assert nodes(node(panel["fieldConfig"])["overrides"])[0]["matcher"] == {"id": "byType", "options": "time"}


def test_36_names_of_data_sources() -> None:
    """Names take precedence over uids, and an unknown name is read as a uid."""
    known = Sources((Source("Prom", "uid-1", "prometheus", default=True), Source("Loki", "uid-2", "loki")))
    reference = {"uid": "uid-1", "type": "prometheus"}
    assert known.reference("Prom") == reference
    assert known.reference("uid-2") == {"uid": "uid-2", "type": "loki"}
    assert known.reference(None) == reference
    assert known.reference("elsewhere") == {"uid": "elsewhere"}
    assert known.reference("") == {}
    assert known.reference(5) is None
    assert Sources().reference("default") == {"uid": "default"} or Sources().reference("default") is None


def test_36_panels_queries_variables_and_annotations() -> None:
    """Everything that queries data has a data source reference afterwards."""
    sources = (Source("Prom", "p", "prometheus", default=True), Source("Loki", "l", "loki"))
    made = canonical(
        {
            "schemaVersion": 30,
            "annotations": {"list": [{"name": "a", "datasource": "Loki"}]},
            "templating": {"list": [{"type": "query", "datasource": None, "name": "v"}]},
            "panels": [
                {"id": 1, "type": "a", "targets": [{"refId": "A"}, {"refId": "B", "datasource": "Loki"}]},
                {"id": 2, "type": "a", "datasource": "-- Mixed --", "targets": [{"refId": "A"}]},
                {"id": 3, "type": "a", "datasource": "", "targets": [{"refId": "A"}]},
                {"id": 4, "type": "row", "panels": [{"id": 5, "targets": []}]},
            ],
        },
        sources,
    )
    prom, loki = {"uid": "p", "type": "prometheus"}, {"uid": "l", "type": "loki"}
    assert nodes(node(made["annotations"])["list"])[1]["datasource"] == loki
    assert nodes(node(made["templating"])["list"])[0]["datasource"] == prom
    first, mixed, empty = nodes(made["panels"])[:3]
    assert first["datasource"] == loki  # the last query that is not an expression tells
    assert [target["datasource"] for target in nodes(first["targets"])] == [prom, loki]
    assert nodes(mixed["targets"])[0]["datasource"] == prom
    assert empty["datasource"] == {}


def test_37_hidden_legends() -> None:
    """Hiding a legend keeps its display mode."""
    assert node(one_panel(36, options={"legend": {"displayMode": "hidden"}})["options"])["legend"] == {
        "displayMode": "list", "showLegend": False,
    }  # fmt: skip
    assert node(one_panel(36, options={"legend": {"displayMode": "table"}})["options"])["legend"] == {
        "displayMode": "table", "showLegend": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("basic", {"type": "gauge", "mode": "basic"}),
        ("color-background", {"type": "color-background", "mode": "gradient"}),
        ("color-text", {"type": "color-text"}),
    ],
)
def test_38_cells(mode: str, options: Node) -> None:
    """Cell options are migrated in defaults and overrides."""
    override = {"properties": [{"id": "custom.displayMode", "value": mode}, {"id": "custom.displayMode"}]}
    config = {"defaults": {"custom": {"displayMode": mode}}, "overrides": [override]}
    made = node(one_panel(37, type="table", fieldConfig=config)["fieldConfig"])
    assert node(made["defaults"])["custom"] == {"cellOptions": options}
    properties = nodes(nodes(made["overrides"])[0]["properties"])
    assert properties[0] == {"id": "custom.cellOptions", "value": options}
    assert properties[1]["value"] == {}


def test_39_sparklines() -> None:
    """The statistic moves one level down."""
    step = {"id": "timeSeriesTable", "options": {"refIdToStat": {"A": "mean"}}}
    assert nodes(one_panel(38, transformations=[step])["transformations"])[0]["options"] == {"A": {"stat": "mean"}}


def test_40_to_42() -> None:
    """Refresh, time picker and hidden series are migrated."""
    override = {"properties": [{"id": "custom.hideFrom", "value": {"viz": True}}]}
    made = lifted(
        39,
        refresh=False,
        timepicker={"time_options": ["5m"]},
        panels=[{"id": 1, "type": "a", "fieldConfig": {"defaults": {}, "overrides": [override]}}],
    )
    assert made["refresh"] == ""
    assert made["timepicker"] == {}
    overrides = nodes(node(nodes(made["panels"])[0]["fieldConfig"])["overrides"])
    assert nodes(overrides[0]["properties"])[0]["value"] == {"viz": True, "tooltip": True}
