"""Two panels share an id, or two queries of a panel a refId: links, alerts and overrides become ambiguous."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import tree

ID = "dashboard_ids"


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Ids are positive and unique in the dashboard; refIds are present and unique in the panel."""
    every = list(tree.panels(dashboard))
    for panel_id, count in Counter(str(panel.get("id")) for panel in every).items():
        if count > 1:
            named = ", ".join(tree.name(panel) for panel in every if str(panel.get("id")) == panel_id)
            yield Finding(file, named, ID, "error", f"{count} panels share the id {panel_id}")
    for panel in every:
        if tree.number(panel.get("id")) <= 0:
            yield Finding(file, tree.name(panel), ID, "error", "the panel's id is not a positive number")
        counts = Counter(tree.text(target.get("refId")) for target in tree.targets(panel))
        for ref_id, count in counts.items():
            if not ref_id:
                yield Finding(file, tree.name(panel), ID, "error", "a query has no refId")
            elif count > 1:
                yield Finding(file, tree.name(panel), ID, "error", f"{count} queries share the refId {ref_id}")
