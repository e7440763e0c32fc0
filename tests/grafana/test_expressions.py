"""Variables are expanded so that the queries to Prometheus can be parsed."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.grafana import expressions
from boxwatch.grafana.tree import Node
from boxwatch.promql.parse import problem_of

VARIABLES: tuple[Node, ...] = (
    {"name": "server", "type": "query", "query": "label_values(up, server)"},
    {"name": "step", "type": "interval", "query": "1m,5m"},
    {"name": "auto", "type": "interval", "query": "1m", "current": {"value": "$__auto_interval_auto"}},
    {"name": "top", "type": "custom", "query": "3,5", "current": {"text": "5", "value": "5"}},
    {"name": "many", "type": "custom", "query": "7, 9", "current": {"text": ["x"], "value": ["x"]}},
)


@pytest.mark.parametrize(
    ("written", "expanded"),
    [
        ('up{s=~"$server"}', 'up{s=~"server"}'),
        ('up{s=~"${server:pipe}", t="[[server]]"}', 'up{s=~"server", t="server"}'),
        ("rate(x[$step])", "rate(x[1m])"),
        ("rate(x[$auto])", "rate(x[5m])"),
        ("topk($top, x)", "topk(5, x)"),
        ("topk(${many}, x)", "topk(7, x)"),
        ("rate(x[$__rate_interval]) * $__interval_ms", "rate(x[5m]) * 60000"),
        ('up{s="$unknown"}', 'up{s="unknown"}'),
        ("up", "up"),
    ],
)
def test_values_in_place_of_variables(written: str, expanded: str) -> None:
    """A variable expands to a possible value, or to its own name if any text is allowed."""
    assert expressions.expand(written, boards.a_dashboard(variables=VARIABLES)) == expanded


def test_everything_that_asks_prometheus_is_found() -> None:
    """Every PromQL query is found with its place; queries to other data sources are skipped."""
    loki = {"refId": "B", "expr": "{a}", "datasource": {"type": "loki"}}
    panel = boards.a_panel(targets=[{"refId": "A", "expr": "up"}, loki, {"refId": "C"}])
    of_loki = boards.a_panel(datasource={"type": "loki"}, targets=[{"refId": "A", "expr": "{b}"}])
    board = boards.a_dashboard(panel, of_loki, variables=VARIABLES)
    board["annotations"] = {"list": [{"name": "x", "expr": "a"}, {"name": "y", "target": {"expr": "b"}}, {"name": "z"}]}
    assert list(expressions.expressions(board)) == [
        ('annotation "x"', "a"),
        ('annotation "y"', "b"),
        ('variable "server"', "up"),
        ('panel "A panel" query A', "up"),
    ]


def test_ours_all_parse() -> None:
    """Every query of our dashboards parses by Prometheus' own grammar."""
    for board in boards.ours().values():
        for where, expr in expressions.expressions(board):
            assert problem_of(expr) == "", where
