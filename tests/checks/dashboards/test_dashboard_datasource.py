"""dashboard_datasource finds queries that work in one Grafana only."""

from __future__ import annotations

from support import boards

from boxwatch.checks.dashboards import dashboard_datasource
from boxwatch.grafana.tree import Node

PROMETHEUS: Node = {"type": "prometheus", "uid": "abc"}


def test_no_variable() -> None:
    """Then nothing could be chosen."""
    board = {**boards.a_dashboard(boards.a_panel()), "templating": {"list": []}}
    assert boards.found(dashboard_datasource.check, board) == [("", "there is no variable of type datasource")]


def test_fixed_data_sources_are_named_with_their_place() -> None:
    """In annotations, variables, panels and queries."""
    variable: Node = {"name": "x", "type": "query", "datasource": PROMETHEUS}
    targets = [{"refId": "A", "expr": "up", "datasource": "Prom"}]
    board = boards.a_dashboard(boards.a_panel(datasource=PROMETHEUS, targets=targets), variables=(variable,))
    board["annotations"] = {"list": [{"builtIn": 1}, {"name": "y", "datasource": PROMETHEUS}]}
    assert boards.found(dashboard_datasource.check, board) == [
        ('annotation "y"', "the data source is fixed: abc"),
        ('variable "x"', "the data source is fixed: abc"),
        ('panel "A panel"', "the data source is fixed: abc"),
        ('panel "A panel" query A', "the data source is fixed: Prom"),
    ]


def test_grafanas_default_is_no_choice() -> None:
    """It may be anything, and another tomorrow."""
    board = boards.a_dashboard(boards.a_panel(datasource=None))
    assert boards.found(dashboard_datasource.check, board) == [
        ('panel "A panel"', "the query has no data source and uses Grafana's default")
    ]


def test_grafanas_own_are_no_data_sources() -> None:
    """Mixed panels say so in their queries."""
    board = boards.a_dashboard(boards.a_panel(datasource={"type": "datasource", "uid": "-- Mixed --"}))
    assert boards.found(dashboard_datasource.check, board) == []


def test_a_variable_of_another_name_or_without_a_label() -> None:
    """Links between dashboards carry `var-datasource`; and people read labels."""
    board = boards.a_dashboard(boards.a_panel(datasource={"type": "prometheus", "uid": "$DS"}, targets=[]))
    board["templating"] = {"list": [{"name": "DS", "type": "datasource", "query": "prometheus"}]}
    assert boards.found(dashboard_datasource.check, board) == [
        ("", "the data source variable is called DS: links from other dashboards miss it"),
        ('variable "DS"', "the variable has no label"),
    ]


def test_several_data_sources_have_the_names_that_the_field_uses() -> None:
    """As dashboard-linter's template-datasource-rule has them."""
    board = boards.a_dashboard(boards.a_panel(datasource={"type": "loki", "uid": "${loki_datasource}"}, targets=[]))
    board["templating"] = {"list": [{"name": "loki_datasource", "label": "Loki data source", "type": "datasource"}]}
    assert boards.found(dashboard_datasource.check, board) == []
