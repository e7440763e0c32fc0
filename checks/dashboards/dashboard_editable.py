"""The dashboard can be edited in Grafana, where the next publish overwrites the edits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding

ID = "dashboard_editable"


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """A dashboard kept as code has `editable: false`."""
    if dashboard.get("editable", True) is not False:
        yield Finding(file, "", ID, "warning", "the dashboard can be edited in Grafana", 'write "editable": false')
