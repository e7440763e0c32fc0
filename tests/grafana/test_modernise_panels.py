"""Repairs of panels from grafanalib and old Grafana versions, by type."""

from __future__ import annotations

import pytest
from grafanalib import core
from support import boards
from support.grafanalib_boards import CLASSES, TARGETS, one

from boxwatch.grafana import modernise
from boxwatch.grafana.tree import Node, node, nodes


def test_a_graph_is_not_limited_to_a_hundred_points() -> None:
    """Grafanalib's default limit is removed; any other limit is kept."""
    assert "maxDataPoints" not in one(CLASSES["time series"])
    chosen = core.TimeSeries(title="p", targets=TARGETS, maxDataPoints=50)
    assert one(chosen)["maxDataPoints"] == 50


def test_a_stat_does_not_say_none() -> None:
    """The word "none" is removed, because Grafana would display it."""
    defaults = node(node(one(CLASSES["stat"])["fieldConfig"])["defaults"])
    assert "noValue" not in defaults
    assert defaults["thresholds"] == {"mode": "absolute", "steps": [{"color": "green", "value": 0}]}


def test_a_gauge_keeps_its_limits_where_they_belong() -> None:
    """A gauge gets options, which grafanalib does not write."""
    panel = one(CLASSES["gauge"])
    assert node(panel["options"])["reduceOptions"] == {"calcs": ["mean"]}
    defaults = node(node(panel["fieldConfig"])["defaults"])
    assert (defaults["min"], defaults["max"], defaults["displayName"]) == (0, 100, "l")
    assert "calcs" not in defaults


def test_a_bar_gauge_keeps_unit_and_thresholds() -> None:
    """Unit and thresholds move out of the options of Grafana 6."""
    defaults = node(node(one(CLASSES["bar gauge"])["fieldConfig"])["defaults"])
    assert (defaults["unit"], defaults["max"]) == ("s", 9)
    assert node(defaults["thresholds"])["steps"] == [{"color": "green", "value": 0}, {"color": "red", "value": 80}]


def test_a_graph_becomes_a_time_series() -> None:
    """A graph keeps its unit, limits and stacking."""
    panel = one(CLASSES["graph"])
    assert panel["type"] == "timeseries"
    defaults = node(node(panel["fieldConfig"])["defaults"])
    assert (defaults["unit"], defaults["min"]) == ("s", 0)
    assert node(defaults["custom"])["stacking"] == {"group": "A", "mode": "normal"}


def test_a_graph_keeps_legend_nulls_and_thresholds() -> None:
    """A graph keeps the settings that matter to readers."""
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
    """A single stat becomes a gauge if it was drawn as one."""
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
    """Value maps become named mappings."""
    given_: Node = {
        "schemaVersion": 16,
        "panels": [{"id": 1, "type": "singlestat", "valueMaps": [{"op": "=", "value": "0", "text": "down"}]}],
    }
    panel = nodes(modernise.modernise(given_)["panels"])[0]
    mappings = node(node(panel["fieldConfig"])["defaults"])["mappings"]
    assert mappings == [{"type": "value", "options": {"0": {"text": "down"}}}]


def test_a_graph_by_series_is_left_to_grafana() -> None:
    """Its successor is another panel type, which Grafana's front end converts."""
    given_: Node = {"schemaVersion": 16, "panels": [{"id": 1, "type": "graph", "xaxis": {"mode": "series"}}]}
    panel = nodes(modernise.modernise(given_)["panels"])[0]
    assert (panel["type"], panel["autoMigrateFrom"]) == ("barchart", "graph")


def test_a_heatmap_gets_options() -> None:
    """Grafanalib's list is replaced by an options object."""
    options = node(one(CLASSES["heatmap"])["options"])
    assert options["calculate"] is True
    assert node(options["yAxis"])["unit"] == "s"


def test_a_text_of_grafana_6_keeps_its_words() -> None:
    """The text moves from the panel into its options."""
    given_: Node = {"schemaVersion": 18, "panels": [{"id": 1, "type": "text", "content": "hello", "mode": "markup"}]}
    panel = nodes(modernise.modernise(given_)["panels"])[0]
    assert panel["options"] == {"content": "hello", "mode": "markdown"}


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
    """The first step starts at minus infinity, so its value only has to be below the second's."""
    config = {
        "defaults": {"thresholds": {"steps": steps}},
        "overrides": [
            {
                "matcher": {"id": "byName", "options": "x"},
                "properties": [{"id": "thresholds", "value": {"mode": "absolute", "steps": steps}}],
            }
        ],
    }
    panel = nodes(modernise.modernise(boards.a_dashboard(boards.a_panel(fieldConfig=config)))["panels"])[0]
    made = node(panel["fieldConfig"])
    found = node(node(made["defaults"])["thresholds"])["steps"]
    assert [step["value"] for step in nodes(found)] == values
    override = nodes(nodes(made["overrides"])[0]["properties"])[0]
    assert [step["value"] for step in nodes(node(override["value"])["steps"])] == values


@pytest.mark.parametrize(
    "more",
    [
        {"seriesOverrides": [{"alias": "out", "transform": "negative-Y"}]},
        {"aliasColors": {"in": "#1F60C4"}},
        {"yaxes": [{"format": "s", "label": "time", "show": True}, {}]},
        {"yaxes": [{"format": "s", "logBase": 10, "show": True}, {}]},
        {"yaxes": [{"format": "s", "max": "1000", "show": True}, {}]},
        {"yaxes": [{"format": "s", "show": False}, {}]},
        {"legend": {"show": True, "sort": "max", "sortDesc": True}},
        {"legend": {"show": True, "hideZero": True}},
        {"dashes": True},
        {"fillGradient": 3},
        {"points": True, "pointradius": 2},
        {"timeRegions": [{"op": "time", "fill": True}]},
        {"thresholds": [{"op": "lt", "value": 1}]},
        {"xaxis": {"mode": "time", "show": False}},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_graph_that_says_more_is_left_to_grafana_with_all_its_keys(more: Node) -> None:
    """Grafana's front end knows what becomes of them."""
    old: Node = {"id": 1, "type": "graph", "title": "p", "lines": True, "fill": 1, **more}
    (panel,) = nodes(modernise.modernise({"schemaVersion": 22, "panels": [old]})["panels"])

    assert (panel["type"], panel["autoMigrateFrom"]) == ("timeseries", "graph")
    assert {key: panel.get(key) for key in ("lines", "fill", *more)} == {"lines": True, "fill": 1, **more}


@pytest.mark.parametrize(
    "more",
    [
        {"prefix": "about "},
        {"postfix": " h"},
        {"nullText": "gone"},
        {"rangeMaps": [{"from": "0", "to": "5", "text": "low"}]},
        {"gauge": {"show": True, "thresholdLabels": True}},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_single_stat_that_says_more_is_left_to_grafana_with_all_its_keys(more: Node) -> None:
    """The same."""
    old: Node = {"id": 1, "type": "singlestat", "title": "p", "format": "s", **more}
    (panel,) = nodes(modernise.modernise({"schemaVersion": 22, "panels": [old]})["panels"])

    assert (panel["type"], panel["autoMigrateFrom"]) == ("stat", "singlestat")
    assert {key: panel.get(key) for key in ("format", *more)} == {"format": "s", **more}
