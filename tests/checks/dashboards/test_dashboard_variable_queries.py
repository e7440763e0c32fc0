"""dashboard_variable_queries finds variables that stay empty or old."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_variable_queries
from boxwatch.grafana.tree import Node


def board(query: object, **changes: object) -> Node:
    """A dashboard with one query variable."""
    variable: Node = {"name": "x", "type": "query", "query": query, "refresh": 2, **changes}
    return boards.a_dashboard(variables=(variable,))


@pytest.mark.parametrize("query", ["label_value(up, job)", "up", "label_values(up job)"])
def test_what_prometheus_does_not_understand(query: str) -> None:
    """The data source knows four functions."""
    assert boards.found(dashboard_variable_queries.check, board(query)) == [
        ('variable "x"', "the Prometheus data source does not understand the query")
    ]


@pytest.mark.parametrize("query", ["label_values(up{, job)", "query_result(sum(up)", "query_result(sum(up))("])
def test_what_does_not_parse(query: str) -> None:
    """PromQL inside of them is parsed too."""
    assert len(boards.found(dashboard_variable_queries.check, board(query))) == 1


def test_values_of_another_time_range() -> None:
    """A service that is new today would be missing."""
    assert boards.found(dashboard_variable_queries.check, board("label_values(up, job)", refresh=1)) == [
        ('variable "x"', "the values are not refreshed when the time range changes")
    ]


@pytest.mark.parametrize(
    "query",
    [
        "label_values(job)",
        'label_values(up{job=~"$datasource", a="b"}, instance)',
        "metrics(node_.*)",
        "label_names()",
        "query_result(topk(3, up))",
        {"query": "label_values(up, job)", "refId": "x"},
    ],
)
def test_what_prometheus_understands(query: object) -> None:
    """In both forms in which Grafana stores a query."""
    assert boards.found(dashboard_variable_queries.check, board(query)) == []


def test_other_data_sources_have_their_own_queries() -> None:
    """They are none of ours to judge."""
    assert boards.found(dashboard_variable_queries.check, board("x", datasource={"type": "loki"}, refresh=1)) == []
