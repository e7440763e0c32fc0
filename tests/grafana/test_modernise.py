"""Dashboards from grafanalib become what a current Grafana would have saved, and stay so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from grafanalib import core
from support import boards, grafana_schema
from support.grafanalib_boards import CLASSES, TARGETS, from_grafanalib, modernised, one

from boxwatch.grafana import modernise
from boxwatch.grafana.canonical.sources import Source
from boxwatch.grafana.tree import Node, node, nodes


@pytest.mark.third_party
@pytest.mark.parametrize("panel", CLASSES.values(), ids=CLASSES.keys())
def test_whatever_grafanalib_makes_becomes_valid(panel: Any) -> None:  # noqa: ANN401
    """Grafana's own schemas validate the dashboard before and after."""
    raw = from_grafanalib(panel)
    assert list(grafana_schema.errors(raw)), "grafanalib's own JSON is not valid, else this module were not needed"
    assert list(grafana_schema.errors(modernised(panel))) == []


def test_the_argument_is_left_as_it_is() -> None:
    """The argument is not changed."""
    raw = from_grafanalib(CLASSES["stat"])
    before = json.dumps(raw)
    modernise.modernise(raw)
    assert json.dumps(raw) == before


def test_no_null_and_no_dead_key_is_left() -> None:
    """No panel of any grafanalib class keeps a null or a dead key."""
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
    """Duplicate refIds are replaced, and Grafana's defaults dropped."""
    panel = one(CLASSES["time series"])
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert panel["targets"] == [{"expr": "up", "refId": "A"}, {"expr": "down", "refId": "B"}]


def test_a_query_says_what_differs_from_the_panel_and_from_grafana() -> None:
    """A query keeps a different data source, editor mode and query type."""
    other = {"type": "prometheus", "uid": "other"}
    said = {"datasource": other, "editorMode": "builder", "expr": "up", "instant": True, "range": True, "refId": "A"}
    panel = boards.a_panel(targets=[said, {"expr": "down", "exemplar": False, "instant": False, "refId": "B"}])
    made = nodes(modernise.modernise(boards.a_dashboard(panel))["panels"])[0]
    assert made["targets"] == [said, {"expr": "down", "refId": "B"}]
    mixed = boards.a_panel(datasource={"type": "datasource", "uid": "-- Mixed --"}, targets=[said])
    assert nodes(modernise.modernise(boards.a_dashboard(mixed))["panels"])[0]["targets"] == [said]


def test_what_grafana_assumes_of_a_panel_is_not_said() -> None:
    """Threshold colours are dropped where they are the default, and kept for types with another default."""
    config = {"defaults": {"color": {"mode": "thresholds"}, "unit": "s"}, "overrides": []}
    for kind, kept in (("stat", False), ("status-history", False), ("timeseries", True), ("state-timeline", True)):
        board = boards.a_dashboard(boards.a_panel(type=kind, fieldConfig=config))
        panel = nodes(modernise.modernise(board)["panels"])[0]
        assert ("color" in node(node(panel["fieldConfig"])["defaults"])) is kept, kind
    timeline = boards.a_panel(type="state-timeline", options={"alignValue": "left", "rowHeight": 0.5})
    options = node(nodes(modernise.modernise(boards.a_dashboard(timeline))["panels"])[0]["options"])
    assert options.keys() == {"rowHeight", "showValue", "legend", "tooltip"}


@pytest.mark.parametrize("kind", ["state-timeline", "status-history"])
def test_rows_stay_on_the_pages_on_which_somebody_put_them(kind: str) -> None:
    """The editor's preset of 20 rows per page is not added: without it, all rows are on one page."""
    board = boards.a_dashboard(boards.a_panel(type=kind, options={"perPage": 20}))
    assert node(nodes(modernise.modernise(board)["panels"])[0]["options"])["perPage"] == 20


def test_crosshair_links_and_time_options() -> None:
    """Grafanalib's contradictory crosshair keys are resolved."""
    link = core.DashboardLink(title="x", tags=["t"])
    made = modernised(graphTooltip=1, links=[link], refresh=False)
    assert made["graphTooltip"] == 1
    assert nodes(made["links"])[0]["tags"] == ["t"]
    assert "time_options" not in node(made["timepicker"])
    assert made["refresh"] == ""


def test_variables_keep_what_grafana_reads() -> None:
    """A variable has no current value until the dashboard opens."""
    variable = core.Template(name="x", query="label_values(up, job)", dataSource="${datasource}", multi=True)
    made = nodes(node(modernised(templating=core.Templating(list=[variable]))["templating"])["list"])[0]
    assert made["datasource"] == {"uid": "${datasource}"}
    assert made["definition"] == "label_values(up, job)"
    assert "current" not in made
    assert not {"useTags", "tagsQuery", "auto"} & made.keys()


def test_an_interval_keeps_its_own_keys() -> None:
    """Keys of interval variables are removed from other variables."""
    variable = core.Template(name="x", query="1m,5m", type="interval", auto=True)
    made = nodes(node(modernised(templating=core.Templating(list=[variable]))["templating"])["list"])[0]
    assert made["auto"] is True


@pytest.mark.parametrize("uid", ["$datasource", "${datasource}", "[[datasource]]"])
def test_a_name_of_a_variable_becomes_a_reference_with_its_type(uid: str) -> None:
    """All three notations of a variable become a reference."""
    made = boards.a_dashboard({"id": 1, "type": "stat", "datasource": uid, "targets": [{"expr": "up"}]})
    panel = nodes(modernise.modernise(made)["panels"])[0]
    assert panel["datasource"] == {"uid": uid, "type": "prometheus"}


def test_a_name_of_a_known_data_source_becomes_its_uid() -> None:
    """Data source names become uids if the Grafana's data sources are known."""
    raw = from_grafanalib(core.TimeSeries(title="p", targets=TARGETS, dataSource="Prom"))
    panel = nodes(modernise.modernise(raw, (Source("Prom", "u", "prometheus"),))["panels"])[0]
    assert panel["datasource"] == {"uid": "u", "type": "prometheus"}


def test_mixed_queries_keep_their_own_data_sources() -> None:
    """Queries of a mixed panel keep their data source, or the lack of one."""
    loki: Node = {"type": "loki", "uid": "l"}
    targets: list[Node] = [{"refId": "A", "expr": "x", "datasource": loki}, {"refId": "B", "expr": "up"}]
    panel = boards.a_panel(datasource={"type": "mixed", "uid": "-- Mixed --"}, targets=targets)
    made = nodes(nodes(modernise.modernise(boards.a_dashboard(panel))["panels"])[0]["targets"])
    assert made[0] == targets[0]
    assert "datasource" not in made[1]


def test_library_panels_and_repeats_stay() -> None:
    """Repairs keep library panels and repeats."""
    library: Node = {"id": 1, "type": "stat", "libraryPanel": {"uid": "u", "name": "n"}, "title": "t"}
    repeated = boards.a_panel(id=2, repeat="server", repeatDirection="h", links=[{"title": "x", "url": "/x"}])
    made = nodes(modernise.modernise(boards.a_dashboard(library, repeated))["panels"])
    assert made[0]["libraryPanel"] == {"uid": "u", "name": "n"}
    assert (made[1]["repeat"], made[1]["repeatDirection"]) == ("server", "h")
    assert nodes(made[1]["links"])[0]["url"] == "/x"


def test_annotations_get_what_the_schema_asks_for() -> None:
    """Old annotations get the required name and colour."""
    board = boards.a_dashboard()
    board["annotations"] = {"list": [{"datasource": "${datasource}", "expr": "up", "showIn": 0}]}
    made = nodes(node(modernise.modernise(board)["annotations"])["list"])[1]
    assert made["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert {"name", "enable", "iconColor"} <= made.keys()
    assert "showIn" not in made


def test_small_things_of_strangers() -> None:
    """Hidden legends, logarithms, a null refresh, a numeric gnetId, empty texts and old table mappings are repaired."""
    log = {"defaults": {"custom": {"scaleDistribution": {"type": "log", "log": 2}}}, "overrides": []}
    graph = boards.a_panel(fieldConfig=log, options={"legend": {"displayMode": "hidden"}}, interval="")
    table = boards.a_panel(id=2, type="table", mappings=[{"type": "value", "options": {}}])
    board = {**boards.a_dashboard(graph, table), "refresh": None, "gnetId": 5, "timepicker": {"hidden": False}}
    made = modernise.modernise(board)
    assert (made["refresh"], made["gnetId"], made["timepicker"]) == ("", "5", {})
    first, second = nodes(made["panels"])
    assert node(node(first["options"])["legend"])["showLegend"] is False
    custom = node(node(node(first["fieldConfig"])["defaults"])["custom"])
    assert custom["scaleDistribution"] == {"type": "log", "log": 2}
    assert "interval" not in first
    assert node(node(second["fieldConfig"])["defaults"])["mappings"] == [{"type": "value", "options": {}}]


def test_a_panel_of_a_type_that_waits_for_grafana_still_has_letters() -> None:
    """Grafana converts the options of such a panel, but its queries get refIds here."""
    board = boards.a_dashboard({"id": 1, "type": "natel-discrete-panel", "targets": [{"refId": "", "expr": "up"}]})
    assert nodes(nodes(modernise.modernise(board)["panels"])[0]["targets"])[0]["refId"] == "A"


def test_a_reference_is_type_and_uid() -> None:
    """Other keys of a data source reference are dropped, because Grafana looks them up itself."""
    source = {"type": "prometheus", "uid": "p", "apiVersion": "v1", "default": True}
    panel = boards.a_panel(datasource=source, transformations=[{"id": "merge"}])
    made = nodes(modernise.modernise(boards.a_dashboard(panel))["panels"])[0]
    assert made["datasource"] == {"type": "prometheus", "uid": "p"}
    assert made["transformations"] == [{"id": "merge", "options": {}}]


@pytest.mark.third_party
def test_graphs_of_the_first_drafts() -> None:
    """Line options of Grafana 7.4 are converted to their current keys."""
    custom = {"hideFrom": {"graph": True, "legend": True}, "line": {"show": True}, "points": {"show": False}}
    panel = boards.a_panel(fieldConfig={"defaults": {"unit": "s", "custom": custom}, "overrides": []})
    board = modernise.modernise(boards.a_dashboard(panel))
    defaults = node(node(nodes(board["panels"])[0]["fieldConfig"])["defaults"])
    assert defaults["custom"] == {"hideFrom": {"viz": True, "legend": True, "tooltip": False}}
    assert list(grafana_schema.errors(board)) == []
