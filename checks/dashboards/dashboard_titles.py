"""A panel lacks a title or a description of its healthy state: nobody can read it at night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import tree

ID = "dashboard_titles"


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """The dashboard has a title, its panels title and description."""
    if not tree.text(dashboard.get("title")).strip():
        yield Finding(file, "", ID, "error", "the dashboard has no title")
    for panel in tree.plots(dashboard):
        for key in ("title", "description"):
            if not tree.text(panel.get(key)).strip():
                yield Finding(file, tree.name(panel), ID, "warning", f"the panel has no {key}")
