"""Whatever grafanalib makes becomes what a current Grafana would have saved, and stays so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from grafanalib import core
from grafanalib._gen import DashboardEncoder
from hypothesis import given
from hypothesis import strategies as st
from support import boards, grafana_schema, rotation

from boxwatch.dashboards import modern, tree
from boxwatch.dashboards.canonical.form import canonical
from boxwatch.dashboards.canonical.sources import Source
from boxwatch.dashboards.tree import Node, node, nodes

TARGETS = [core.Target(expr="up", refId="A"), core.Target(expr="down", refId="A")]
LIMITS = [core.Threshold("green", 0, 0.0), core.Threshold("red", 1, 80.0)]
# Every class of grafanalib that a Prometheus dashboard is likely to use, with what usually goes wrong.
CLASSES: dict[str, Any] = {
    "time series": core.TimeSeries(title="p", targets=TARGETS, dataSource="${datasource}", unit="s"),
    "stat": core.Stat(title="p", targets=TARGETS, dataSource="${datasource}"),
    "stat with mappings": core.Stat(
        title="p", targets=TARGETS, mappings=[core.StatMapping("down", mapValue="0"), core.StatRangeMappings("x", 1, 2)]
    ),
    "gauge": core.GaugePanel(title="p", targets=TARGETS, thresholds=LIMITS, min=0, max=100, label="l"),
    "bar gauge": core.BarGauge(title="p", targets=TARGETS, thresholds=LIMITS, format="s", label="l", min=0, max=9),
    "table": core.Table(title="p", targets=TARGETS, displayMode="color-background", unit="s"),
    "heatmap": core.Heatmap(title="p", targets=TARGETS, yAxis=core.YAxis(format="s")),
    "text": core.Text(title="p", content="# hello"),
    "row": core.RowPanel(title="p", panels=[core.TimeSeries(title="q", targets=TARGETS)], collapsed=True),
    "graph": core.Graph(title="p", targets=TARGETS, yAxes=core.single_y_axis(format="s", min=0), stack=True),
    "single stat": core.SingleStat(title="p", targets=TARGETS, format="s", thresholds="1,2"),
    "state timeline": core.StateTimeline(title="p", targets=TARGETS),
    "pie chart": core.PieChartv2(title="p", targets=TARGETS),
    "logs": core.Logs(title="p", targets=TARGETS),
    "histogram": core.Histogram(title="p", targets=TARGETS),
}


def from_grafanalib(*panels: Any, **content: Any) -> Node:  # noqa: ANN401 - grafanalib has no types
    """A dashboard of these panels, exactly as grafanalib writes it."""
    place = core.GridPos(h=8, w=12, x=0, y=0)
    placed = [type(panel)(**{**_arguments(panel), "gridPos": place}) for panel in panels]
    source = core.Template(name="datasource", type="datasource", query="prometheus", label="Data source")
    dashboard = core.Dashboard(
        title="d",
        panels=placed,
        **{"templating": core.Templating(list=[source]), **content},
    )
    loaded: Node = json.loads(json.dumps(dashboard, cls=DashboardEncoder))
    return loaded


def _arguments(panel: Any) -> dict[str, Any]:  # noqa: ANN401
    return {field.alias: getattr(panel, field.name) for field in panel.__attrs_attrs__ if field.init}


def modernised(*panels: Any, **content: Any) -> Node:  # noqa: ANN401
    """The repaired dashboard; repairing it again changes nothing."""
    given_ = from_grafanalib(*panels, **content)
    made = modern.modernise(given_)
    assert modern.modernise(made) == made
    assert canonical(made) == made
    return made


@pytest.mark.third_party
@pytest.mark.parametrize("panel", CLASSES.values(), ids=CLASSES.keys())
def test_whatever_grafanalib_makes_becomes_valid(panel: Any) -> None:  # noqa: ANN401
    """Grafana's own schemas judge before and after."""
    raw = from_grafanalib(panel)
    assert list(grafana_schema.errors(raw)), "grafanalib's own JSON is not valid, else this module were not needed"
    assert list(grafana_schema.errors(modernised(panel))) == []


def one(panel: Any) -> Node:  # noqa: ANN401
    """The repaired form of one panel."""
    return nodes(modernised(panel)["panels"])[0]


def test_the_argument_is_left_as_it_is() -> None:
    """A dashboard of these panels, exactly as grafanalib writes it."""
    raw = from_grafanalib(CLASSES["stat"])
    before = json.dumps(raw)
    modern.modernise(raw)
    assert json.dumps(raw) == before


def test_no_null_and_no_dead_key_is_left() -> None:
    """In no panel of any class."""
    for panel in CLASSES.values():
        text = json.dumps(modernised(panel))
        for word in (
            "null",
            "minSpan",
            "intervalFactor",
            "sharedCrosshair",
            "fieldOptions",
            '"editable": true, "error"',
        ):
            assert word not in text


def test_queries_have_their_own_letters_and_say_nothing_that_is_assumed() -> None:
    """Two queries were called A."""
    panel = one(CLASSES["time series"])
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert panel["targets"] == [{"expr": "up", "refId": "A"}, {"expr": "down", "refId": "B"}]


def test_a_query_says_what_differs_from_the_panel_and_from_grafana() -> None:
    """Another data source, another editor, and being asked twice."""
    other = {"type": "prometheus", "uid": "other"}
    said = {"datasource": other, "editorMode": "builder", "expr": "up", "instant": True, "range": True, "refId": "A"}
    panel = boards.a_panel(targets=[said, {"expr": "down", "exemplar": False, "instant": False, "refId": "B"}])
    made = nodes(modern.modernise(boards.a_dashboard(panel))["panels"])[0]
    assert made["targets"] == [said, {"expr": "down", "refId": "B"}]
    mixed = boards.a_panel(datasource={"type": "datasource", "uid": "-- Mixed --"}, targets=[said])
    assert nodes(modern.modernise(boards.a_dashboard(mixed))["panels"])[0]["targets"] == [said]


def test_what_grafana_assumes_of_a_panel_is_not_said() -> None:
    """Colours by thresholds where they are by thresholds anyway; but not where the type has other colours."""
    config = {"defaults": {"color": {"mode": "thresholds"}, "unit": "s"}, "overrides": []}
    for kind, kept in (("stat", False), ("status-history", False), ("timeseries", True), ("state-timeline", True)):
        board = boards.a_dashboard(boards.a_panel(type=kind, fieldConfig=config))
        panel = nodes(modern.modernise(board)["panels"])[0]
        assert ("color" in node(node(panel["fieldConfig"])["defaults"])) is kept, kind
    timeline = boards.a_panel(type="state-timeline", options={"alignValue": "left", "rowHeight": 0.5})
    options = node(nodes(modern.modernise(boards.a_dashboard(timeline))["panels"])[0]["options"])
    assert options.keys() == {"rowHeight", "showValue", "legend", "tooltip"}


@pytest.mark.parametrize("kind", ["state-timeline", "status-history"])
def test_rows_stay_on_the_pages_on_which_somebody_put_them(kind: str) -> None:
    """20 a page is what Grafana's editor begins with; a panel that says nothing has one page, whose names overlap."""
    board = boards.a_dashboard(boards.a_panel(type=kind, options={"perPage": 20}))
    assert node(nodes(modern.modernise(board)["panels"])[0]["options"])["perPage"] == 20


def test_a_graph_is_not_limited_to_a_hundred_points() -> None:
    """Unless somebody chose a limit."""
    assert "maxDataPoints" not in one(CLASSES["time series"])
    chosen = core.TimeSeries(title="p", targets=TARGETS, maxDataPoints=50)
    assert one(chosen)["maxDataPoints"] == 50


def test_a_stat_does_not_say_none() -> None:
    """Grafana would show the word."""
    defaults = node(node(one(CLASSES["stat"])["fieldConfig"])["defaults"])
    assert "noValue" not in defaults
    assert defaults["thresholds"] == {"mode": "absolute", "steps": [{"color": "green", "value": 0}]}


def test_a_gauge_keeps_its_limits_where_they_belong() -> None:
    """Grafanalib's gauge has no options at all."""
    panel = one(CLASSES["gauge"])
    assert node(panel["options"])["reduceOptions"] == {"calcs": ["mean"]}
    defaults = node(node(panel["fieldConfig"])["defaults"])
    assert (defaults["min"], defaults["max"], defaults["displayName"]) == (0, 100, "l")
    assert "calcs" not in defaults


def test_a_bar_gauge_keeps_unit_and_thresholds() -> None:
    """They stood in the options of Grafana 6."""
    defaults = node(node(one(CLASSES["bar gauge"])["fieldConfig"])["defaults"])
    assert (defaults["unit"], defaults["max"]) == ("s", 9)
    assert node(defaults["thresholds"])["steps"] == [{"color": "green", "value": 0}, {"color": "red", "value": 80}]


def test_a_graph_becomes_a_time_series() -> None:
    """With unit, limits and stacking."""
    panel = one(CLASSES["graph"])
    assert panel["type"] == "timeseries"
    defaults = node(node(panel["fieldConfig"])["defaults"])
    assert (defaults["unit"], defaults["min"]) == ("s", 0)
    assert node(defaults["custom"])["stacking"] == {"group": "A", "mode": "normal"}


def test_a_graph_keeps_legend_nulls_and_thresholds() -> None:
    """What decides how it is read."""
    graph = core.Graph(
        title="p",
        targets=TARGETS,
        nullPointMode=core.NULL_CONNECTED,
        lines=False,
        bars=True,
        percentage=True,
        stack=True,
        legend=core.Legend(avg=True, values=True, alignAsTable=True, rightSide=True, show=True),
        thresholds=[core.GraphThreshold(9.0, colorMode="warning"), core.GraphThreshold(3.0)],
    )
    panel = one(graph)
    options, defaults = node(panel["options"]), node(node(panel["fieldConfig"])["defaults"])
    assert options["legend"] == {"calcs": ["mean"], "displayMode": "table", "placement": "right", "showLegend": True}
    custom = node(defaults["custom"])
    assert (custom["drawStyle"], custom["spanNulls"], node(custom["stacking"])["mode"]) == ("bars", True, "percent")
    assert [step["value"] for step in nodes(node(defaults["thresholds"])["steps"])] == [0, 3, 9]


def test_a_single_stat_becomes_a_stat_or_a_gauge() -> None:
    """It could be drawn as either."""
    plain = one(CLASSES["single stat"])
    assert plain["type"] == "stat"
    assert node(node(plain["options"])["reduceOptions"])["calcs"] == ["mean"]
    steps = nodes(node(node(node(plain["fieldConfig"])["defaults"])["thresholds"])["steps"])
    assert [step["value"] for step in steps] == [0, 1, 2]
    round_ = core.SingleStat(
        title="p", targets=TARGETS, gauge=core.Gauge(show=True, maxValue=9),
        sparkline=core.SparkLine(show=True), decimals=1, colorBackground=True, valueName="current",
    )  # fmt: skip
    assert one(round_)["type"] == "gauge"


def test_a_single_stat_keeps_its_words() -> None:
    """Value maps become mappings by name."""
    given_: Node = {
        "schemaVersion": 16,
        "panels": [{"id": 1, "type": "singlestat", "valueMaps": [{"op": "=", "value": "0", "text": "down"}]}],
    }
    panel = nodes(modern.modernise(given_)["panels"])[0]
    mappings = node(node(panel["fieldConfig"])["defaults"])["mappings"]
    assert mappings == [{"type": "value", "options": {"0": {"text": "down"}}}]


def test_a_graph_by_series_is_left_to_grafana() -> None:
    """Its successor is another panel, which Grafana's frontend converts."""
    given_: Node = {"schemaVersion": 16, "panels": [{"id": 1, "type": "graph", "xaxis": {"mode": "series"}}]}
    panel = nodes(modern.modernise(given_)["panels"])[0]
    assert (panel["type"], panel["autoMigrateFrom"]) == ("barchart", "graph")


def test_a_heatmap_gets_options() -> None:
    """Grafanalib writes a list where options belong."""
    options = node(one(CLASSES["heatmap"])["options"])
    assert options["calculate"] is True
    assert node(options["yAxis"])["unit"] == "s"


def test_a_text_of_grafana_6_keeps_its_words() -> None:
    """The words stood on the panel."""
    given_: Node = {"schemaVersion": 18, "panels": [{"id": 1, "type": "text", "content": "hello", "mode": "markup"}]}
    panel = nodes(modern.modernise(given_)["panels"])[0]
    assert panel["options"] == {"content": "hello", "mode": "markdown"}


def test_crosshair_links_and_time_options() -> None:
    """Grafanalib says yes and no to the crosshair at once."""
    link = core.DashboardLink(title="x", tags=["t"])
    made = modernised(graphTooltip=1, links=[link], refresh=False)
    assert made["graphTooltip"] == 1
    assert nodes(made["links"])[0]["tags"] == ["t"]
    assert "time_options" not in node(made["timepicker"])
    assert made["refresh"] == ""


def test_variables_keep_what_grafana_reads() -> None:
    """Nothing is chosen until the dashboard opens."""
    variable = core.Template(name="x", query="label_values(up, job)", dataSource="${datasource}", multi=True)
    made = nodes(node(modernised(templating=core.Templating(list=[variable]))["templating"])["list"])[0]
    assert made["datasource"] == {"uid": "${datasource}"}
    assert made["definition"] == "label_values(up, job)"
    assert "current" not in made
    assert not {"useTags", "tagsQuery", "auto"} & made.keys()


def test_an_interval_keeps_its_own_keys() -> None:
    """Other variables lose them."""
    variable = core.Template(name="x", query="1m,5m", type="interval", auto=True)
    made = nodes(node(modernised(templating=core.Templating(list=[variable]))["templating"])["list"])[0]
    assert made["auto"] is True


@pytest.mark.parametrize("uid", ["$datasource", "${datasource}", "[[datasource]]"])
def test_a_name_of_a_variable_becomes_a_reference_with_its_type(uid: str) -> None:
    """All three ways to write a variable."""
    made = boards.a_dashboard({"id": 1, "type": "stat", "datasource": uid, "targets": [{"expr": "up"}]})
    panel = nodes(modern.modernise(made)["panels"])[0]
    assert panel["datasource"] == {"uid": uid, "type": "prometheus"}


def test_a_name_of_a_known_data_source_becomes_its_uid() -> None:
    """Given the list of a Grafana's data sources."""
    raw = from_grafanalib(core.TimeSeries(title="p", targets=TARGETS, dataSource="Prom"))
    panel = nodes(modern.modernise(raw, (Source("Prom", "u", "prometheus"),))["panels"])[0]
    assert panel["datasource"] == {"uid": "u", "type": "prometheus"}


@pytest.mark.parametrize(
    ("steps", "values"),
    [
        ([{"color": "a", "value": None}, {"color": "b", "value": 5}], [0, 5]),
        ([{"color": "a"}, {"color": "b", "value": -5}], [-5, -5]),
        ([{"color": "a", "value": "null"}, {"color": "b", "value": "7"}, {"color": "c", "value": "x"}], [0, 7]),
        ("", [0]),
        ([], [0]),
    ],
)
def test_thresholds_have_numbers(steps: object, values: list[float]) -> None:
    """The first holds from minus infinity, so its number only has to be below the second's."""
    config = {
        "defaults": {"thresholds": {"steps": steps}},
        "overrides": [
            {
                "matcher": {"id": "byName", "options": "x"},
                "properties": [{"id": "thresholds", "value": {"mode": "absolute", "steps": steps}}],
            }
        ],
    }
    panel = nodes(modern.modernise(boards.a_dashboard(boards.a_panel(fieldConfig=config)))["panels"])[0]
    made = node(panel["fieldConfig"])
    found = node(node(made["defaults"])["thresholds"])["steps"]
    assert [step["value"] for step in nodes(found)] == values
    override = nodes(nodes(made["overrides"])[0]["properties"])[0]
    assert [step["value"] for step in nodes(node(override["value"])["steps"])] == values


def test_mixed_queries_keep_their_own_data_sources() -> None:
    """And one without stays without: the panel names none."""
    loki: Node = {"type": "loki", "uid": "l"}
    targets: list[Node] = [{"refId": "A", "expr": "x", "datasource": loki}, {"refId": "B", "expr": "up"}]
    panel = boards.a_panel(datasource={"type": "mixed", "uid": "-- Mixed --"}, targets=targets)
    made = nodes(nodes(modern.modernise(boards.a_dashboard(panel))["panels"])[0]["targets"])
    assert made[0] == targets[0]
    assert "datasource" not in made[1]


def test_library_panels_and_repeats_stay() -> None:
    """Repairs must not lose what people built."""
    library: Node = {"id": 1, "type": "stat", "libraryPanel": {"uid": "u", "name": "n"}, "title": "t"}
    repeated = boards.a_panel(id=2, repeat="server", repeatDirection="h", links=[{"title": "x", "url": "/x"}])
    made = nodes(modern.modernise(boards.a_dashboard(library, repeated))["panels"])
    assert made[0]["libraryPanel"] == {"uid": "u", "name": "n"}
    assert (made[1]["repeat"], made[1]["repeatDirection"]) == ("server", "h")
    assert nodes(made[1]["links"])[0]["url"] == "/x"


def test_annotations_get_what_the_schema_asks_for() -> None:
    """Old ones lack a name or a colour."""
    board = boards.a_dashboard()
    board["annotations"] = {"list": [{"datasource": "${datasource}", "expr": "up", "showIn": 0}]}
    made = nodes(node(modern.modernise(board)["annotations"])["list"])[1]
    assert made["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert {"name", "enable", "iconColor"} <= made.keys()
    assert "showIn" not in made


def test_small_things_of_strangers() -> None:
    """Hidden legends, logarithms, a null refresh, a numbered gnetId, empty texts, old mappings of a table."""
    log = {"defaults": {"custom": {"scaleDistribution": {"type": "log", "log": 2}}}, "overrides": []}
    graph = boards.a_panel(fieldConfig=log, options={"legend": {"displayMode": "hidden"}}, interval="")
    table = boards.a_panel(id=2, type="table", mappings=[{"type": "value", "options": {}}])
    board = {**boards.a_dashboard(graph, table), "refresh": None, "gnetId": 5, "timepicker": {"hidden": False}}
    made = modern.modernise(board)
    assert (made["refresh"], made["gnetId"], made["timepicker"]) == ("", "5", {})
    first, second = nodes(made["panels"])
    assert node(node(first["options"])["legend"])["showLegend"] is False
    custom = node(node(node(first["fieldConfig"])["defaults"])["custom"])
    assert custom["scaleDistribution"] == {"type": "log", "log": 2}
    assert "interval" not in first
    assert node(node(second["fieldConfig"])["defaults"])["mappings"] == [{"type": "value", "options": {}}]


def test_a_panel_of_a_type_that_waits_for_grafana_still_has_letters() -> None:
    """Its options are Grafana's to convert, its queries are not."""
    board = boards.a_dashboard({"id": 1, "type": "natel-discrete-panel", "targets": [{"refId": "", "expr": "up"}]})
    assert nodes(nodes(modern.modernise(board)["panels"])[0]["targets"])[0]["refId"] == "A"


# Panels as strangers might write them: right and wrong values in every place that a repair looks at.
_WORDS = st.sampled_from(["", "none", "s", "hidden", "list", "table", "linear", "log", "$datasource", "A", "multi"])
_VALUES = st.one_of(st.none(), st.booleans(), st.integers(-5, 100), _WORDS)
_ANYTHING = st.recursive(
    _VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3)
)
_STEPS = st.lists(st.fixed_dictionaries({"color": _WORDS}, optional={"value": _VALUES}), max_size=3)
_CUSTOM = st.fixed_dictionaries(
    {},
    optional={
        "stacking": _ANYTHING,
        "scaleDistribution": st.fixed_dictionaries({}, optional={"type": _WORDS, "log": _VALUES}),
        "displayMode": _WORDS,
        "axisPlacement": _WORDS,
        "filterable": _VALUES,
        "lineWidth": _VALUES,
    },
)
_DEFAULTS = st.fixed_dictionaries(
    {},
    optional={
        "unit": _WORDS | st.none(),
        "thresholds": st.fixed_dictionaries({"mode": _WORDS, "steps": _STEPS | _WORDS}) | st.none(),
        "mappings": st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from([1, 2, "value"])}, optional={"value": _VALUES, "text": _WORDS}
            ),
            max_size=2,
        ),
        "custom": _CUSTOM,
        "color": _ANYTHING,
        "calcs": st.lists(_WORDS, max_size=2),
        "links": st.lists(st.fixed_dictionaries({"title": _WORDS}, optional={"linkUrl": _WORDS}), max_size=2),
    },
)
_PANELS = st.fixed_dictionaries(
    {
        "type": st.sampled_from([
            "timeseries", "stat", "gauge", "bargauge", "table", "text", "row", "heatmap", "state-timeline", "graph",
            "singlestat", "natel-discrete-panel", "unheard-of",
        ]),
    },
    optional={
        "id": st.integers(-1, 3) | st.none(),
        "title": _WORDS | st.none(),
        "datasource": _WORDS | st.none() | st.dictionaries(st.sampled_from(["uid", "type"]), _WORDS),
        "fieldConfig": st.fixed_dictionaries({}, optional={"defaults": _DEFAULTS, "overrides": st.just([])}),
        "options": st.dictionaries(
            st.sampled_from(["legend", "tooltip", "fieldOptions", "reduceOptions", "content", "sortBy"]), _ANYTHING
        ),
        "targets": st.lists(
            st.fixed_dictionaries({}, optional={"expr": _WORDS, "refId": _WORDS, "instant": _VALUES, "hide": _VALUES}),
            max_size=3,
        ),
        "gridPos": st.fixed_dictionaries({key: st.integers(0, 24) for key in "xywh"}),
        "links": st.lists(st.fixed_dictionaries({}, optional={"title": _WORDS, "url": _WORDS}), max_size=2),
        "maxDataPoints": _VALUES,
        "legend": _ANYTHING,
        "yaxes": _ANYTHING,
        "thresholds": _ANYTHING,
        "colors": st.lists(_WORDS),
        "mappings": _ANYTHING,
        "panels": st.lists(st.fixed_dictionaries({"type": st.just("stat")}), max_size=2),
        "transformations": _ANYTHING,
        "libraryPanel": st.none() | st.just({"uid": "u", "name": "n"}),
        "repeat": _WORDS | st.none(),
    },
)  # fmt: skip


@rotation.examples(150)
@given(panels=st.lists(_PANELS, max_size=4), version=st.sampled_from([0, 12, 16, 22, 30, 36, 41, 42]))
def test_modernising_twice_is_modernising_once(panels: list[Node], version: int) -> None:
    """For panels that nobody would write, too."""
    board = {**boards.a_dashboard(*panels), "schemaVersion": version}
    made = modern.modernise(board)
    assert modern.modernise(made) == made
    assert canonical(made) == made
    ids = [panel["id"] for panel in tree.panels(made)]
    assert len(ids) == len(set(ids))
    for panel in tree.panels(made):
        refs = [target.get("refId") for target in tree.targets(panel)]
        assert all(refs)
        assert len(refs) == len(set(refs))


def test_a_reference_is_type_and_uid() -> None:
    """What else Grafana notes about a data source it looks up itself."""
    source = {"type": "prometheus", "uid": "p", "apiVersion": "v1", "default": True}
    panel = boards.a_panel(datasource=source, transformations=[{"id": "merge"}])
    made = nodes(modern.modernise(boards.a_dashboard(panel))["panels"])[0]
    assert made["datasource"] == {"type": "prometheus", "uid": "p"}
    assert made["transformations"] == [{"id": "merge", "options": {}}]


@pytest.mark.third_party
def test_graphs_of_the_first_drafts() -> None:
    """Grafana 7.4 hid series from `graph`, and described lines with keys that nothing reads any more."""
    custom = {"hideFrom": {"graph": True, "legend": True}, "line": {"show": True}, "points": {"show": False}}
    panel = boards.a_panel(fieldConfig={"defaults": {"unit": "s", "custom": custom}, "overrides": []})
    board = modern.modernise(boards.a_dashboard(panel))
    defaults = node(node(nodes(board["panels"])[0]["fieldConfig"])["defaults"])
    assert defaults["custom"] == {"hideFrom": {"viz": True, "legend": True, "tooltip": False}}
    assert list(grafana_schema.errors(board)) == []
