"""Differences between dashboards, as phrases."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from support.panels import Json, a_dashboard, a_panel

from boxwatch.publish.grafana import difference, form


def said(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The lines for two dashboards as written."""
    return list(difference.lines("overview", difference.differences(form.form(before), form.form(after))))


def changed(**changes: Json) -> dict[str, Any]:
    """The usual dashboard with its panel changed."""
    return a_dashboard("overview", a_panel(**changes))


def test_a_changed_panel_is_one_line_that_a_person_reads() -> None:
    """Threshold and query are both named."""
    after = changed(targets=[{"refId": "A", "expr": "down", "datasource": {"type": "prometheus", "uid": "x"}}])
    after["panels"][0]["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = 90

    assert said(a_dashboard(), after) == ["overview / Memory: threshold 80 → 90, query changed"]


def test_nothing_is_said_where_only_the_writing_differs() -> None:
    """Counters, nulls, defaults and our own marks do not count."""
    noisy = copy.deepcopy(form.marked(a_dashboard(), "mvp")) | {"id": 7, "version": 9}

    assert said(a_dashboard(), noisy) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"gridPos": {"x": 1, "y": 8, "w": 12, "h": 8}}, "moved"),
        ({"gridPos": {"x": 0, "y": 8, "w": 6, "h": 8}}, "resized"),
        ({"type": "stat"}, "type timeseries → stat"),
        ({"description": "why"}, "description none → why"),
        ({"description": "w" * 50}, "description changed"),
        ({"options": {"legend": {"calcs": ["max"]}}}, "options.legend.calcs changed"),
        ({"title": "Mem"}, "title Memory → Mem"),
    ],
)
def test_each_kind_of_change_has_its_words(change: dict[str, Any], line: str) -> None:
    """Short values are shown, long ones only named."""
    title = change.get("title", "Memory")

    assert said(a_dashboard(), changed(**change)) == [f"overview / {title}: {line}"]


def test_options_are_named_down_to_what_differs() -> None:
    """An option is named by its path; its unchanged neighbour is not mentioned."""
    before = changed(options={"legend": {"showLegend": True, "placement": "right"}})
    after = changed(options={"legend": {"showLegend": True, "placement": "bottom"}})

    assert said(before, after) == ["overview / Memory: options.legend.placement right → bottom"]


def test_fields_of_a_panel_are_named() -> None:
    """Unit, number of thresholds, and overrides."""
    after = a_dashboard()
    config = after["panels"][0]["fieldConfig"]
    config["defaults"] |= {"unit": "percent", "thresholds": {"mode": "absolute", "steps": []}}
    config["overrides"] = [{"matcher": {"id": "byName", "options": "a"}, "properties": []}]

    assert said(a_dashboard(), after) == [
        "overview / Memory: thresholds changed, unit bytes → percent, overrides changed"
    ]


def test_panels_that_come_and_go_are_named() -> None:
    """Two panels with the same title, and one without."""
    before = a_dashboard("overview", a_panel("A", 1), a_panel("A", 2))
    after = a_dashboard("overview", a_panel("A", 1), a_panel("", 3))

    assert said(before, after) == ["overview / timeseries without a title: added", "overview / A: removed"]


def test_panels_in_another_order_are_a_difference() -> None:
    """The same panels in the same places."""
    one, two = form.form(a_dashboard("o", a_panel("A", 1), a_panel("B", 2))), form.form(a_dashboard("o"))
    two["panels"] = list(reversed(one["panels"])) if isinstance(one["panels"], list) else []

    assert [each.what for each in difference.differences(one, two)] == ["order of panels changed"]


def test_variables_and_annotations_are_named() -> None:
    """A variable is added, removed and changed."""
    a, b = ({"name": name, "type": "custom", "query": "1"} for name in "ab")
    before = a_dashboard(templating={"list": [a, b]}, refresh="30s")
    after = a_dashboard(templating={"list": [{**a, "query": "2"}, {**b, "name": "c"}]}, refresh="1m")

    assert said(before, after) == [
        "overview: refresh 30s → 1m, variable a: query 1 → 2, variable b removed, variable c added"
    ]
