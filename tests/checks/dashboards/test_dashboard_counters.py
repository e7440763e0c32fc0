"""dashboard_counters finds counters that are shown as they are."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_counters


@pytest.mark.parametrize("expr", ["x_total", "sum by (a) (x_total)", "max_over_time(x_total[5m])", "-(x_total)"])
def test_a_counter_as_it_is(expr: str) -> None:
    """Also behind an aggregation or a minus."""
    assert boards.found(dashboard_counters.check, boards.a_dashboard(boards.a_panel(expr))) == [
        ('panel "A panel" query A', "x_total is a counter used without rate, irate or increase")
    ]


@pytest.mark.parametrize(
    "expr",
    [
        "sum(rate(x_total[5m]))",
        "count(x_total)",
        "a:x_total",
        "increase(x_total[5m])",
        "topk(scalar(y), y)",
        "x_total(",
    ],
)
def test_what_makes_sense_of_one(expr: str) -> None:
    """Rates, counts, and recorded series whose name ends alike."""
    assert boards.found(dashboard_counters.check, boards.a_dashboard(boards.a_panel(expr))) == []


def test_a_gauge_that_is_called_total_is_a_gauge() -> None:
    """MinIO's; the catalogue knows."""
    expr = 'sum by (server, service) (minio_cluster_drive_offline_total{job="minio"})'

    assert boards.found(dashboard_counters.check, boards.a_dashboard(boards.a_panel(expr))) == []
