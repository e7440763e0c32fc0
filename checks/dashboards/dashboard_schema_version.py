"""The dashboard has an old schema version, which Grafana migrates whenever it is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding, Severity
from boxwatch.grafana.tree import number

ID = "dashboard_schema_version"

CURRENT = 42
# Data sources referenced by uid: older dashboards break when a data source is renamed.
_LEAST = 36


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """An error below 36, where data sources are names; a warning below the current version."""
    version = number(dashboard.get("schemaVersion"))
    if version >= CURRENT:
        return
    said = f"schemaVersion is {version:g}" if "schemaVersion" in dashboard else "schemaVersion is missing"
    severity: Severity = "error" if version < _LEAST else "warning"
    yield Finding(file, "", ID, severity, f"{said}, Grafana's is {CURRENT}", "boxwatch modernise rewrites it")
