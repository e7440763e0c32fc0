"""Panel types removed with AngularJS, and their successors. Grafana's front end converts the panels themselves."""

from __future__ import annotations

from boxwatch.grafana.tree import Node, node, text

SUCCESSORS = {
    "table-old": "table",
    "singlestat": "stat",
    "grafana-singlestat-panel": "stat",
    "grafana-piechart-panel": "piechart",
    "grafana-worldmap-panel": "geomap",
    "natel-discrete-panel": "state-timeline",
}
# Removed without a successor.
WITHOUT_SUCCESSOR = frozenset({"larona-epict-panel", "flant-statusmap-panel", "marcuscalidus-svg-panel"})
GRAPHS = frozenset({"graph", "graphite"})


def name_successor(panel: Node) -> None:
    """Set a panel's current type and record the old one, from which the front end converts the options."""
    old = text(panel.get("type"))
    new = _of_graph(panel) if old in GRAPHS else SUCCESSORS.get(old)
    if new is not None:
        panel["autoMigrateFrom"] = old
        panel["type"] = new


def _of_graph(panel: Node) -> str:
    mode = node(panel.get("xaxis")).get("mode")
    if mode == "histogram":
        return "histogram"
    if mode == "series":
        return "bargauge" if node(panel.get("legend")).get("values") is True else "barchart"
    return "timeseries"
