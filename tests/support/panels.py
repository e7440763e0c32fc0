"""Small dashboards to publish: `a_dashboard("web", threshold=90)`."""

from __future__ import annotations

from typing import Any

Json = Any


def a_panel(title: str = "Memory", number: int = 1, **changes: Json) -> dict[str, Any]:
    """A time series with one query and one threshold."""
    panel = {
        "id": number,
        "type": "timeseries",
        "title": title,
        "gridPos": {"x": 0, "y": number * 8, "w": 12, "h": 8},
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "fieldConfig": {
            "defaults": {
                "unit": "bytes",
                "thresholds": {"mode": "absolute", "steps": [{"color": "green"}, {"color": "red", "value": 80}]},
            },
            "overrides": [],
        },
        "targets": [{"refId": "A", "expr": "up", "datasource": {"type": "prometheus", "uid": "${datasource}"}}],
    }
    return panel | changes


def a_dashboard(name: str = "overview", *panels: dict[str, Any], **changes: Json) -> dict[str, Any]:
    """A dashboard with the given panels, or one default panel."""
    board = {"uid": name, "title": name, "tags": ["team"], "schemaVersion": 42, "panels": list(panels or [a_panel()])}
    return board | changes
