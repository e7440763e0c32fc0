"""Repairs of queries: refIds, data sources, and grafanalib's additions to Prometheus queries.

Grafana's defaults are dropped. A query without a data source uses the panel's (query runner since Grafana 8.3), one
that is neither `instant` nor `range` is a range query (promlib, "older dashboards"), and one with an expression opens
in the code editor: stated, the three make up a fifth of a dashboard.
"""

from __future__ import annotations

from boxwatch.grafana.canonical import ids, sources
from boxwatch.grafana.repairs import references
from boxwatch.grafana.tree import Node, node, targets, text

# Keys of Graphite and Grafana 4. `intervalFactor` 2, grafanalib's default, halves the resolution.
_DEAD = ("target", "metric", "step", "intervalFactor", "query")
_ASSUMED: dict[str, tuple[object, ...]] = {
    "format": ("", "time_series"),
    "hide": (False,),
    "interval": ("",),
    "legendFormat": ("",),
}


def repair(panel: Node, dashboard: Node) -> None:
    """Give every query its own refId, and drop what the panel or Grafana implies."""
    _rename_double(panel)
    for target in targets(panel):
        references.repair(target, dashboard)
        of_panel = node(panel.get("datasource"))
        source = node(target.get("datasource")) or of_panel
        if isinstance(target.get("expr"), str) and source.get("type") in (None, "prometheus"):
            _prometheus(target)
        if of_panel.get("uid") != sources.MIXED and len(target) > 2 and target.get("datasource") == of_panel:  # noqa: PLR2004 - more than refId and data source
            del target["datasource"]


def _rename_double(panel: Node) -> None:
    seen: set[object] = set()
    for target in targets(panel):
        ref_id = target.get("refId")
        if not text(ref_id) or ref_id in seen:
            target.pop("refId", None)
        seen.add(ref_id)
    ids.name_targets(panel)


def _prometheus(target: Node) -> None:
    for key in _DEAD:
        target.pop(key, None)
    for key, assumed in _ASSUMED.items():
        if key in target and target[key] in assumed:
            del target[key]
    for key in ("exemplar", "instant", "range"):
        if target.get(key) is False:
            del target[key]
    if target.get("range") is True and "instant" not in target:
        del target["range"]
    if target.get("editorMode") == "code" and target["expr"]:
        del target["editorMode"]
