"""A panel has no queries, or an empty one: it can only say "No data"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import tree
from boxwatch.grafana.tree import node

ID = "dashboard_targets"


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Every panel that shows data has queries, and every query to Prometheus has PromQL."""
    for panel in tree.plots(dashboard):
        targets = tree.targets(panel)
        if not targets:
            yield Finding(file, tree.name(panel), ID, "error", "the panel has no queries")
        for target in targets:
            source = node(target.get("datasource")) or node(panel.get("datasource"))
            if source.get("type") == "prometheus" and not tree.text(target.get("expr")).strip():
                where = f"{tree.name(panel)} query {tree.text(target.get('refId'))}"
                yield Finding(file, where, ID, "error", "the query is empty")
