"""Dashboards are read the same from the classic schema and from schema v2, with all that repeats."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from support import boards

from boxwatch.errors import BoxwatchError
from boxwatch.grafana import board
from boxwatch.grafana.board import Board, DataSource
from boxwatch.grafana.schema_v2 import resource
from boxwatch.grafana.tree import Node

_CLASSIC: Node = {
    "title": "Shop",
    "time": {"from": "now-1h", "to": "now"},
    "annotations": {
        "list": [
            {"name": "deploys", "expr": "deploys", "datasource": {"type": "prometheus", "uid": "p"}},
            {"name": "off", "expr": "x", "enable": False},
        ]
    },
    "templating": {
        "list": [
            {"name": "job", "type": "query", "query": {"query": "label_values(up, job)"}, "multi": True, "sort": 1},
            {"name": "by", "type": "interval", "query": "1m,5m", "current": {"value": "5m"}},
            {"name": "filters", "type": "adhoc", "filters": [{"key": "env", "operator": "=", "value": "live"}]},
        ]
    },
    "panels": [
        {
            "title": "First",
            "datasource": {"type": "prometheus", "uid": "p"},
            "maxDataPoints": 100,
            "interval": "1m",
            "timeFrom": "2h",
            "targets": [
                {"refId": "A", "expr": "up", "instant": True},
                {"refId": "B", "expr": "down", "hide": True},
                {"refId": "C", "expr": "x", "datasource": {"type": "loki", "uid": "l"}, "interval": "10s"},
            ],
        },
        {"type": "row", "repeat": "job", "panels": [{"title": "Folded", "repeat": "by", "targets": []}]},
        {"title": "In row", "targets": [{"refId": "A", "expr": "y"}], "datasource": "by name"},
    ],
}


def _read(dashboard: Node) -> Board:
    found = board.read("x.json", json.dumps(dashboard).encode())
    assert found is not None
    return found


def test_a_classic_dashboard_is_read() -> None:
    """Hidden queries and disabled annotations are left out; a query without a data source has its panel's."""
    found = _read(_CLASSIC)

    assert (found.title, found.since, found.until) == ("Shop", "now-1h", "now")
    first, folded, in_row = found.panels
    assert [(query.ref, query.source, query.instant, query.interval) for query in first.queries] == [
        ("A", DataSource("p", "prometheus"), True, ""),
        ("C", DataSource("l", "loki"), False, "10s"),
    ]
    assert (first.points, first.interval, first.since, first.repeats) == (100, "1m", "2h", ())
    assert (folded.repeats, in_row.repeats) == (("job", "by"), ("job",))
    assert in_row.queries[0].source == DataSource("by name")
    assert [each.name for each in found.annotations] == ['annotation "deploys"']
    job, by, filters = found.variables
    assert (job.query, job.multi, job.sort, by.current) == ("label_values(up, job)", True, 1, ("5m",))
    assert filters.filters == (("env", "=", "live"),)


def test_a_dashboard_of_grafana_4_has_rows() -> None:
    """Its panels stand in rows, which repeat."""
    panel = {"title": "Old", "targets": [{"refId": "A", "expr": "up"}]}

    found = _read({"title": "t", "rows": [{"repeat": "job", "panels": [panel]}]})

    assert [(each.name, each.repeats) for each in found.panels] == [('panel "Old"', ("job",))]


@pytest.mark.parametrize("version", ["v2", "v2beta1"])
@pytest.mark.parametrize("name", sorted(boards.ours()))
def test_schema_v2_is_read_as_the_classic_schema(name: str, version: str) -> None:
    """Every dashboard of ours, converted: panels, queries, repeats, variables."""
    dashboard = boards.ours()[name]
    classic = _read(dashboard)

    newer = _read(resource.to_v2(dashboard, version))

    assert {each.name: each for each in newer.panels} == {each.name: each for each in classic.panels}
    # Schema v2 does not sort data sources.
    assert newer.variables == tuple(replace(v, sort=0) if v.kind == "datasource" else v for v in classic.variables)
    assert (newer.title, newer.since, newer.until) == (classic.title, classic.since, classic.until)


def test_rows_and_tabs_of_schema_v2_repeat_what_is_in_them() -> None:
    """Layouts nest: a tab of rows of a grid, each with a repeat of its own."""
    grid = {
        "kind": "GridLayout",
        "spec": {"items": [{"spec": {"element": {"name": "e"}, "repeat": {"value": "c"}}}]},
    }
    rows = {"kind": "RowsLayout", "spec": {"rows": [{"spec": {"repeat": {"value": "b"}, "layout": grid}}]}}
    tabs = {"kind": "TabsLayout", "spec": {"tabs": [{"spec": {"repeat": {"value": "a"}, "layout": rows}}]}}
    query = {"kind": "prometheus", "spec": {"expr": "up"}}
    panel: dict[str, Any] = {
        "title": "P",
        "data": {"spec": {"queries": [{"spec": {"refId": "A", "query": query, "datasource": {"uid": "u"}}}]}},
    }
    spec: Node = {"title": "t", "elements": {"e": {"kind": "Panel", "spec": panel}}, "layout": tabs}

    (found,) = _read(spec).panels

    assert found.repeats == ("a", "b", "c")
    assert found.queries[0].source == DataSource("", "prometheus")


def test_annotations_of_schema_v2_are_read() -> None:
    """Those that are enabled and ask a data source."""
    asked = {"kind": "DataQuery", "group": "prometheus", "spec": {"expr": "deploys"}}
    spec: Node = {
        "title": "t",
        "elements": {},
        "layout": {},
        "annotations": [
            {"spec": {"name": "on", "query": asked}},
            {"spec": {"name": "off", "enable": False, "query": asked}},
        ],
    }

    assert [each.name for each in _read(spec).annotations] == ['annotation "on"']


def test_an_envelope_is_opened() -> None:
    """An answer of Grafana's API, and a resource."""
    bare = _read(_CLASSIC)

    assert _read({"dashboard": _CLASSIC, "meta": {}}) == bare
    assert _read({"apiVersion": "dashboard.grafana.app/v1beta1", "spec": _CLASSIC}) == bare


def test_other_json_is_no_dashboard() -> None:
    """It may be a dashboard's parts, or anything."""
    assert board.read("x.json", b"[1]") is None
    assert board.read("x.json", b'{"a": 1}') is None
    with pytest.raises(BoxwatchError, match=r"x\.json: is not JSON"):
        board.read("x.json", b"{")


def test_grafanas_own_sources_are_internal() -> None:
    """No query of theirs reaches a server."""
    own = DataSource("p", "prometheus")

    assert DataSource("-- Dashboard --").internal
    assert DataSource("x", "__expr__").internal
    assert not own.internal
    assert not replace(own, type="loki").internal
