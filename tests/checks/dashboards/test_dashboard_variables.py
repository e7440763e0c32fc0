"""dashboard_variables finds names that nobody declared, and choices that change nothing."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_variables
from boxwatch.grafana.tree import Node

SERVER: Node = {"name": "server", "type": "query", "query": "label_values(up, server)"}


def test_a_name_that_is_not_declared_with_what_was_meant() -> None:
    """A typing mistake is the usual cause."""
    board = boards.a_dashboard(boards.a_panel('up{server="$servr"}'), variables=(SERVER,))
    finding = next(iter(dashboard_variables.check("board.json", board)))
    assert (finding.where, finding.message) == ('panel "A panel"', "there is no variable $servr")
    assert finding.hint == "did you mean $server?"


def test_a_choice_that_changes_nothing() -> None:
    """It misleads whoever uses it."""
    board = boards.a_dashboard(boards.a_panel(), variables=(SERVER,))
    assert boards.found(dashboard_variables.check, board) == [('variable "server"', "nothing uses the variable")]


@pytest.mark.parametrize("expr", ['up{s="$server"}', 'up{s="${server:regex}"}', 'up{s="[[server]]"}'])
def test_every_way_to_name_a_variable(expr: str) -> None:
    """Dollar, braces with a format, double brackets."""
    board = boards.a_dashboard(boards.a_panel(expr), variables=(SERVER,))
    assert boards.found(dashboard_variables.check, board) == []


def test_grafanas_own_names_and_regular_expressions_are_fine() -> None:
    """A dollar may be the end of a line."""
    steps = [{"id": "renameByRegex", "options": {"regex": "(.*)$", "renamePattern": "$1"}}]
    panel = boards.a_panel("rate(x_total[$__rate_interval])", transformations=steps, title="at ${__to}")
    assert boards.found(dashboard_variables.check, boards.a_dashboard(panel)) == []


def test_a_group_of_label_replace_is_no_variable() -> None:
    """Grafana leaves a dollar alone whose name it does not know, and Prometheus wants this one."""
    expr = 'label_replace(up{server="$server"}, "group", "$1", "rule_group", ".*;(.*)")'
    board = boards.a_dashboard(boards.a_panel(expr), variables=(SERVER,))
    assert boards.found(dashboard_variables.check, board) == []


def test_repeats_and_annotations_count() -> None:
    """They use variables without a dollar, or outside of panels."""
    board = boards.a_dashboard(boards.a_panel(repeat="server"), variables=(SERVER,))
    assert boards.found(dashboard_variables.check, board) == []
    board = boards.a_dashboard(boards.a_panel(repeat="nobody"))
    assert boards.found(dashboard_variables.check, board) == [('panel "A panel"', "there is no variable $nobody")]
    board = boards.a_dashboard(boards.a_panel())
    board["annotations"] = {"list": [{"name": "x", "target": {"expr": "up == $y"}}]}
    assert boards.found(dashboard_variables.check, board) == [('annotation "x"', "there is no variable $y")]
