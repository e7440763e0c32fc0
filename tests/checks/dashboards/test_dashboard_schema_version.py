"""dashboard_schema_version finds versions that Grafana rewrites."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_schema_version


@pytest.mark.parametrize(("version", "severity"), [(12, "error"), (35, "error"), (36, "warning"), (41, "warning")])
def test_an_old_version_is_named(version: int, severity: str) -> None:
    """Below 36 data sources are names, which is an error."""
    board = {**boards.a_dashboard(), "schemaVersion": version}
    (finding,) = dashboard_schema_version.check("board.json", board)
    assert (finding.severity, finding.message) == (severity, f"schemaVersion is {version}, Grafana's is 42")


def test_a_missing_version_is_an_error() -> None:
    """Grafana takes it for the oldest."""
    board = boards.a_dashboard()
    del board["schemaVersion"]
    assert boards.found(dashboard_schema_version.check, board) == [("", "schemaVersion is missing, Grafana's is 42")]
