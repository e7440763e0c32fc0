"""A panel shows one value but requests hundreds: the whole time range is computed and thrown away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions, tree
from boxwatch.grafana.tree import Node, node

ID = "dashboard_instant"

_LAST = (["lastNotNull"], ["last"])


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Stats and gauges of the newest value use an instant query."""
    for panel in tree.plots(dashboard):
        if not _shows_newest_only(panel):
            continue
        for target in tree.targets(panel):
            if tree.text(target.get("expr")) and expressions.is_prometheus(target, panel) and not target.get("instant"):
                where = f"{tree.name(panel)} query {tree.text(target.get('refId'))}"
                message = "only the newest value is shown, but the whole time range is requested"
                yield Finding(file, where, ID, "warning", message, 'write "instant": true')


def _shows_newest_only(panel: Node) -> bool:
    options = node(panel.get("options"))
    newest = node(options.get("reduceOptions")).get("calcs") in _LAST
    if panel.get("type") == "stat":
        return newest and options.get("graphMode") == "none"
    return newest and panel.get("type") in ("gauge", "bargauge")
