"""Panel types that died with AngularJS, and what became of them; Grafana's frontend converts the panels themselves."""

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
# Died too, and nothing took their place.
WITHOUT_SUCCESSOR = frozenset({"larona-epict-panel", "flant-statusmap-panel", "marcuscalidus-svg-panel"})
GRAPHS = frozenset({"graph", "graphite"})


def name_successor(panel: Node) -> None:
    """Give a panel its present type and remember the old one, from which the frontend converts the options."""
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
