"""dashboard_schema finds wrong shapes, each with its place."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_schema
from boxwatch.grafana.tree import Node


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        ({"title": None}, "", "`title` is null, and Grafana drops nulls"),
        ({"title": 5}, "", "`title` is not a string"),
        ({"tags": "x"}, "", "`tags` is not a list"),
        ({"graphTooltip": True}, "", "`graphTooltip` is not a whole number"),
        ({"rows": []}, "", "no Grafana has read `rows` since version 5"),
        ({"templating": {"list": [{"name": "x"}]}}, 'variable "x"', "`type` is missing"),
        (
            {"annotations": {"list": [{"name": "x", "datasource": "Prom"}]}},
            'annotation "x"',
            "`datasource` is a name; since Grafana 8.3 it is an object with type and uid",
        ),
    ],
)
def test_a_dashboard_of_another_shape(change: Node, where: str, message: str) -> None:
    """Keys of the dashboard itself, variables, annotations."""
    assert (where, message) in boards.found(dashboard_schema.check, {**boards.a_dashboard(), **change})


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        ({"interval": 30}, 'panel "A panel"', "`interval` is not a string"),
        ({"maxDataPoints": "x"}, 'panel "A panel"', "`maxDataPoints` is not a number"),
        ({"fieldConfig": {"defaults": {}}}, 'panel "A panel"', "`fieldConfig.overrides` is not a list"),
        (
            {"fieldConfig": {"defaults": {"thresholds": {"steps": ""}}, "overrides": []}},
            'panel "A panel"',
            "`fieldConfig.defaults.thresholds.steps` is not a list",
        ),
        (
            {"targets": [{"refId": "A", "datasource": "Prom"}]},
            'panel "A panel" query A',
            "`datasource` is a name; since Grafana 8.3 it is an object with type and uid",
        ),
        (
            {"options": {"legend": [{"x": None}]}},
            'panel "A panel"',
            "`options.legend[0].x` is null, and Grafana drops nulls",
        ),
        ({"type": "row"}, 'panel "A panel"', "`collapsed` is missing"),
    ],
)
def test_a_panel_of_another_shape(change: dict[str, object], where: str, message: str) -> None:
    """Keys of panels, queries, options at any depth."""
    board = boards.a_dashboard(boards.a_panel(**change))
    assert (where, message) in boards.found(dashboard_schema.check, board)


def test_missing_keys_are_named() -> None:
    """All of them in one go."""
    assert boards.found(dashboard_schema.check, {}) == [
        ("", "`annotations` is missing"),
        ("", "`panels` is missing"),
        ("", "`schemaVersion` is missing"),
        ("", "`templating` is missing"),
        ("", "`title` is missing"),
    ]
