"""dashboard_promql finds queries that Prometheus would refuse."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_promql


def test_what_is_not_promql() -> None:
    """With panel and letter."""
    (found,) = boards.found(dashboard_promql.check, boards.a_dashboard(boards.a_panel("sum(up")))
    assert found[0] == 'panel "A panel" query A'
    assert found[1].startswith("the PromQL does not parse: ")


def test_annotations_are_looked_at() -> None:
    """A broken one shows an error on every page."""
    board = boards.a_dashboard()
    board["annotations"] = {"list": [{"name": "x", "expr": "up =="}]}
    assert boards.found(dashboard_promql.check, board)[0][0] == 'annotation "x"'


@pytest.mark.parametrize(
    "expr",
    [
        "rate(x_total[$__rate_interval])",
        "increase(x_total[${__range}])",
        'avg_over_time(x{a=~"${datasource:pipe}"}[[[__interval]]])',
        "x * $__range_s / ($__interval_ms + $__to)",
    ],
)
def test_variables_are_filled_in_first(expr: str) -> None:
    """Durations, numbers and names, each where it belongs."""
    assert boards.found(dashboard_promql.check, boards.a_dashboard(boards.a_panel(expr))) == []
