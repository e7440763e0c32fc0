"""Queries in schema v2: the kind of data source, its reference, and the query itself."""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.grafana.canonical.sources import MIXED
from boxwatch.grafana.tree import Node, node, targets, text

_GRAFANA = "-- Grafana --"
_OPTIONS = (
    "cacheTimeout", "hideTimeOverride", "interval", "maxDataPoints", "queryCachingTTL", "timeCompare", "timeFrom",
    "timeShift",
)  # fmt: skip


def data_query(source: Mapping[str, object], asked: Mapping[str, object]) -> Node:
    """A query to a data source. Without a reference it goes to Grafana's default."""
    uid = text(source.get("uid"))
    group = "grafana" if uid == _GRAFANA else text(source.get("type"))
    made: Node = {"kind": "DataQuery", "group": group, "version": "v0", "spec": dict(asked)}
    return made | ({"datasource": {"name": uid}} if uid else {})


def group(panel: Mapping[str, object], version: str) -> Node:
    """The queries of a panel, with their transformations and query options."""
    return {
        "kind": "QueryGroup",
        "spec": {
            "queries": [_panel_query(target, node(panel.get("datasource"))) for target in targets(panel)],
            "queryOptions": {key: panel[key] for key in _OPTIONS if key in panel},
            "transformations": [_transformation(each, version) for each in _steps(panel)],
        },
    }


def _panel_query(target: Node, of_panel: Node) -> Node:
    own = node(target.get("datasource"))
    # A query without a data source uses the panel's, unless that is "mixed".
    source = own or (of_panel if of_panel.get("uid") != MIXED else {})
    asked = {key: value for key, value in target.items() if key not in ("datasource", "hide", "refId")}
    return {
        "kind": "PanelQuery",
        "spec": {
            "hidden": target.get("hide") is True,
            "query": data_query(source, asked),
            "refId": text(target.get("refId")),
        },
    }


def _steps(panel: Mapping[str, object]) -> list[Node]:
    steps = panel.get("transformations")
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _transformation(step: Node, version: str) -> Node:
    spec: Node = {key: step[key] for key in ("disabled", "filter", "topic") if key in step}
    spec["options"] = step.get("options", {})
    name = text(step.get("id"))
    if version == "v2beta1":
        return {"kind": name, "spec": {"id": name, **spec}}
    return {"kind": "Transformation", "group": name, "spec": spec}
