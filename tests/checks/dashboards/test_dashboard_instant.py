"""dashboard_instant finds panels that ask for more than they show."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_instant


@pytest.mark.parametrize(
    "change",
    [
        {"type": "stat", "options": {"graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}}},
        {"type": "gauge", "options": {"reduceOptions": {"calcs": ["last"]}}},
    ],
)
def test_a_range_of_which_only_the_newest_value_is_shown(change: dict[str, object]) -> None:
    """Numbers without sparkline, gauges."""
    assert boards.found(dashboard_instant.check, boards.a_dashboard(boards.a_panel(**change))) == [
        ('panel "A panel" query A', "only the newest value is shown, but the whole time range is requested")
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "stat", "options": {"graphMode": "area", "reduceOptions": {"calcs": ["lastNotNull"]}}},
        {"type": "stat", "options": {"graphMode": "none", "reduceOptions": {"calcs": ["max"]}}},
        {"type": "timeseries"},
    ],
)
def test_a_range_that_is_shown(change: dict[str, object]) -> None:
    """As a line, or reduced to its largest value."""
    assert boards.found(dashboard_instant.check, boards.a_dashboard(boards.a_panel(**change))) == []
