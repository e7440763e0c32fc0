"""Annotations in schema v2."""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.grafana.schema_v2 import query
from boxwatch.grafana.tree import Node, node, text

_OWN = frozenset({"builtIn", "datasource", "enable", "filter", "hide", "iconColor", "mappings", "name", "target"})


def to_v2(annotation: Mapping[str, object]) -> Node:
    """Convert an annotation; data source keys outside the target go to `legacyOptions`."""
    spec: Node = {
        "enable": annotation.get("enable") is True,
        "hide": annotation.get("hide") is True,
        "iconColor": text(annotation.get("iconColor")),
        "name": text(annotation.get("name")),
        "query": query.data_query(node(annotation.get("datasource")), node(annotation.get("target"))),
    }
    if annotation.get("builtIn") == 1:
        spec["builtIn"] = True
    for key in ("filter", "mappings"):
        if node(annotation.get(key)):
            spec[key] = annotation[key]
    if annotation.get("placement") == "inControlsMenu":
        spec["placement"] = annotation["placement"]
    legacy = {key: value for key, value in annotation.items() if key not in _OWN and key not in spec}
    if legacy:
        spec["legacyOptions"] = legacy
    return {"kind": "AnnotationQuery", "spec": spec}
