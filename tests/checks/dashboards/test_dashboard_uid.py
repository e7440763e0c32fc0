"""dashboard_uid finds dashboards that cannot be linked to."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_uid


@pytest.mark.parametrize("uid", ["a b", "x" * 41, "ü", 5])
def test_a_uid_that_grafana_refuses(uid: object) -> None:
    """Other characters, or too many."""
    board = {**boards.a_dashboard(), "uid": uid}
    assert boards.found(dashboard_uid.check, board) == [("", f"Grafana refuses the uid {uid!r}")]


def test_no_uid() -> None:
    """Grafana would make one up at each import."""
    board = {**boards.a_dashboard(), "uid": ""}
    assert boards.found(dashboard_uid.check, board) == [("", "the dashboard has no uid")]
