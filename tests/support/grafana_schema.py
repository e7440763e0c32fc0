"""Validation against Grafana's own JSON Schemas, relaxed where they are wrong.

Three fields that accept any value are typed as objects: values of properties, options of matchers, and in schema v2
`legacyOptions` of annotations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema

from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node, node
from support import third_party

_PANELS = {
    "bargauge": "bargauge",
    "gauge": "gauge",
    "heatmap": "heatmap",
    "stat": "stat",
    "state-timeline": "statetimeline",
    "status-history": "statushistory",
    "table": "table",
    "text": "text",
    "timeseries": "timeseries",
}
# What the schemas call the part of `fieldConfig.defaults.custom`.
_CUSTOM = {"timeseries": "GraphFieldConfig", "table": "TableFieldOptions", "state-timeline": "FieldConfig"}


@cache
def _load(name: str) -> dict[str, Any]:
    text = (third_party.folder("grafana") / f"{name}.jsonschema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    # Kinds of table cells are told apart by `type`, which the schema types as any kind: several match.
    cells = loaded.get("definitions", {}).get("TableCellOptions")
    if cells is not None and "oneOf" in cells:
        cells["anyOf"] = cells.pop("oneOf")
    return loaded


def _validator(schema: dict[str, Any], definition: str) -> Any:  # noqa: ANN401 - typed for JSON only, not for Node
    return jsonschema.Draft7Validator({**schema, "$ref": f"#/definitions/{definition}"})


@cache
def _dashboard(name: str) -> Any:  # noqa: ANN401
    schema = json.loads(json.dumps(_load(name)))
    definitions = schema["definitions"]
    definitions["DynamicConfigValue"]["properties"]["value"] = {}
    definitions["MatcherConfig"]["properties"]["options"] = {}
    if "AnnotationQuerySpec" in definitions:
        definitions["AnnotationQuerySpec"]["properties"]["legacyOptions"] = {"type": "object"}
    return _validator(schema, "Dashboard")


@cache
def _panel(name: str, definition: str) -> Any:  # noqa: ANN401
    schema = _load(name)
    return _validator(schema, definition) if definition in schema["definitions"] else None


def errors(dashboard: Node) -> Iterator[str]:
    """Violations of Grafana's schemas in a dashboard and its panel options."""
    for error in _dashboard("dashboard").iter_errors(dashboard):
        yield _said(error)
    for panel in tree.plots(dashboard):
        kind = tree.text(panel.get("type"))
        if kind not in _PANELS:
            continue
        parts = [("Options", panel.get("options", {}))]
        if kind in _CUSTOM:
            parts.append((_CUSTOM[kind], node(node(panel.get("fieldConfig")).get("defaults")).get("custom", {})))
        for definition, part in parts:
            validator = _panel(_PANELS[kind], definition)
            if validator is not None and not (definition == "TableFieldOptions" and part == {}):
                for error in validator.iter_errors(part):
                    yield f"{tree.name(panel)} {definition}: {_said(error)}"


def errors_v2(spec: Node) -> Iterator[str]:
    """Violations of Grafana's schema v2 in the spec of a dashboard."""
    for error in _dashboard("dashboardv2").iter_errors(spec):
        yield _said(error)


def _said(error: jsonschema.ValidationError) -> str:
    deepest = max([error, *(error.context or [])], key=lambda each: len(each.absolute_path))
    return f"{'.'.join(str(part) for part in deepest.absolute_path)}: {deepest.message[:300]}"
