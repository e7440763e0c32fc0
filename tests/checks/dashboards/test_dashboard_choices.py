"""dashboard_choices finds panels that do not listen to the bar."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_choices
from boxwatch.grafana.tree import Node

SERVER: Node = {"name": "server", "type": "query", "query": "label_values(up, server)"}


def test_a_panel_that_ignores_what_is_chosen() -> None:
    """All that could be used is named, and how."""
    variables: tuple[Node, ...] = (SERVER, {"name": "service", "type": "query", "query": "label_values(up, service)"})
    board = boards.a_dashboard(boards.a_panel(), variables=variables)
    (finding,) = dashboard_choices.check("board.json", board)
    assert finding.where == 'panel "A panel"'
    assert finding.message == "the panel uses none of the template variables: $server, $service"
    assert finding.hint == 'server=~"$server"'


@pytest.mark.parametrize(
    "panel",
    [
        boards.a_panel('up{server=~"$server"}'),
        boards.a_panel('up{server=~"${server:regex}"}'),
        boards.a_panel(repeat="server"),
        boards.a_panel(datasource={"type": "datasource", "uid": "-- Dashboard --"}),
        boards.a_panel(type="text", targets=[]),
    ],
    ids=["uses it", "with a format", "is repeated over it", "shows another's answers", "asks nothing"],
)
def test_a_panel_that_listens(panel: Node) -> None:
    """In one of the ways in which a panel can."""
    assert boards.found(dashboard_choices.check, boards.a_dashboard(panel, variables=(SERVER,))) == []


@pytest.mark.parametrize("variable", [{**SERVER, "hide": 2}, {"name": "step", "type": "interval", "query": "1m,5m"}])
def test_a_dashboard_that_offers_nothing_to_look_up(variable: Node) -> None:
    """Hidden variables and intervals are no choice of what is looked at."""
    assert boards.found(dashboard_choices.check, boards.a_dashboard(boards.a_panel(), variables=(variable,))) == []
