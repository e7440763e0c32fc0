"""dashboard_logql finds queries that Loki refuses."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_logql
from boxwatch.grafana.tree import Node


def of_loki(expr: str) -> Node:
    """A dashboard with one query to Loki."""
    return boards.a_dashboard(boards.a_panel(expr, datasource={"type": "loki", "uid": "${loki}"}, targets=[_a(expr)]))


def _a(expr: str) -> Node:
    return {"refId": "A", "expr": expr}


@pytest.mark.parametrize(
    ("expr", "wrong"),
    [
        ('{app="web"', "a { is not closed"),
        ('rate({app="web"}[5m]))', "unmatched )"),
        ('count_over_time({app="web"}[5m)', "unmatched )"),
        ('{app="web} |= "x"', "a quote is not closed"),
        ('|= "error"', 'there is no stream selector such as {app="web"}'),
        ("{}", "{} is not a stream selector"),
        ("{app}", "{app} is not a stream selector"),
    ],
)
def test_what_loki_refuses(expr: str, wrong: str) -> None:
    """With what is wrong in one line."""
    assert boards.found(dashboard_logql.check, of_loki(expr)) == [
        ('panel "A panel" query A', f"the LogQL does not parse: {wrong}")
    ]


@pytest.mark.parametrize(
    "expr",
    [
        '{app="web"}',
        '{app=~"$app", job!="x",}',
        'sum by (app) (rate({app="web"} |= "it is {fine}" | json | status >= 500 [$__auto]))',
        '{app="web"} |~ `a"(b` # a comment with (',
        '{app="a\\"b"} | line_format "{{.msg}}"',
    ],
)
def test_what_loki_takes(expr: str) -> None:
    """What stands in quotes is no syntax."""
    assert boards.found(dashboard_logql.check, of_loki(expr)) == []


def test_other_data_sources_speak_otherwise() -> None:
    """PromQL needs no selector."""
    assert boards.found(dashboard_logql.check, boards.a_dashboard(boards.a_panel("vector(1)"))) == []
