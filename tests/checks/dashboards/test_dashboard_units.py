"""dashboard_units finds bare numbers and made-up units."""

from __future__ import annotations

import json

import pytest
from support import boards, third_party

from boxwatch.checks.dashboards import dashboard_units
from boxwatch.checks.dashboards.grafana_units import UNITS
from boxwatch.grafana.tree import Node


def config(unit: object, **defaults: object) -> Node:
    """A field configuration with this unit."""
    return {"defaults": {"unit": unit, **defaults}, "overrides": []}


def test_no_unit() -> None:
    """1073741824 of what?"""
    board = boards.a_dashboard(boards.a_panel(fieldConfig=config("")))
    assert boards.found(dashboard_units.check, board) == [('panel "A panel"', "the panel has no unit")]


def test_a_unit_that_grafana_does_not_know() -> None:
    """Grafana would write it behind the number."""
    board = boards.a_dashboard(boards.a_panel(fieldConfig=config("byte")))
    assert boards.found(dashboard_units.check, board) == [('panel "A panel"', "Grafana knows no unit 'byte'")]


def test_a_unit_of_an_override() -> None:
    """Overrides are looked at too."""
    override = {"matcher": {}, "properties": [{"id": "unit", "value": "x"}, {"id": "decimals", "value": 1}]}
    field_config = {"defaults": {"unit": "s"}, "overrides": [override]}
    board = boards.a_dashboard(boards.a_panel(fieldConfig=field_config))
    assert boards.found(dashboard_units.check, board) == [('panel "A panel"', "Grafana knows no unit 'x'")]


@pytest.mark.parametrize(
    "change",
    [
        {"fieldConfig": config("", mappings=[{"type": "value"}])},
        {"fieldConfig": config("suffix: vCPU")},
        {"fieldConfig": config(""), "type": "stat", "options": {"reduceOptions": {"fields": "/.*/"}}},
        {"fieldConfig": config(""), "type": "logs"},
    ],
)
def test_panels_that_need_none(change: dict[str, object]) -> None:
    """Words for values, free forms, text, logs."""
    assert boards.found(dashboard_units.check, boards.a_dashboard(boards.a_panel(**change))) == []


@pytest.mark.third_party
def test_our_list_is_grafanas() -> None:
    """The list is compared with Grafana's own wherever that is at hand."""
    schema = json.loads((third_party.folder("grafana") / "units.jsonschema.json").read_text(encoding="utf-8"))
    theirs = {unit["const"] for unit in schema["definitions"].values() if "const" in unit}
    assert theirs == UNITS
