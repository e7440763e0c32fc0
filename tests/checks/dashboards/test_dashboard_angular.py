"""dashboard_angular finds panels that current Grafana cannot show."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_angular


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("graph", "use timeseries"),
        ("singlestat", "use stat"),
        ("flant-statusmap-panel", "it has no successor: use another panel"),
    ],
)
def test_types_that_died(kind: str, hint: str) -> None:
    """With the successor, where there is one."""
    (finding,) = dashboard_angular.check("board.json", boards.a_dashboard(boards.a_panel(type=kind)))
    assert (finding.message, finding.hint) == (f"panel type `{kind}` was removed from Grafana", hint)
