"""A panel type was removed with AngularJS; Grafana 12 and later cannot show it as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import tree
from boxwatch.grafana.canonical import angular

ID = "dashboard_angular"


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """The hint names the successor where there is one."""
    for panel in tree.panels(dashboard):
        kind = tree.text(panel.get("type"))
        successor = "timeseries" if kind in angular.GRAPHS else angular.SUCCESSORS.get(kind)
        if successor is not None or kind in angular.WITHOUT_SUCCESSOR:
            hint = f"use {successor}" if successor else "it has no successor: use another panel"
            yield Finding(file, tree.name(panel), ID, "error", f"panel type `{kind}` was removed from Grafana", hint)
