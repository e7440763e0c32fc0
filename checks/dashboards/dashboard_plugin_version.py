"""A panel does not state which version wrote its options, so Grafana migrates them again, sometimes losing some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import tree

ID = "dashboard_plugin_version"


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """grafana#125371: migrations of panels without pluginVersion lost options."""
    for panel in tree.plots(dashboard):
        if not panel.get("pluginVersion"):
            yield Finding(
                file, tree.name(panel), ID, "warning", "the panel has no pluginVersion", "boxwatch modernise adds it"
            )
