"""JSON Schema of a topology file, for editors: completion, descriptions, and errors underlined while typing.

Draft-07, which the YAML language server and every editor's JSON support understand. It describes the file format, in
which servers and services are mappings by name. Constraints across values, and RE2 syntax, are checked only by
`boxwatch.topology.load`.
"""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from boxwatch.topology import forms, model, notifications, settings, units, values
from boxwatch.topology.validation.shape import MAY_BE_EMPTY, OWN_PREFIX

Schema = dict[str, Any]

_DIALECT = "http://json-schema.org/draft-07/schema#"
_EXAMPLES: Mapping[str, list[object]] = {
    "Server.cpus": [8],
    "Service.replicas": [2],
    "Service.ports": [[3000]],
    "Service.server": ["main", ["main", "second"]],
    "Exporters.node": ["10.0.0.2:9100"],
    "Exporters.cadvisor": ["10.0.0.2:8080"],
    "Exporters.docker": ["host.docker.internal:9323"],
    "Service.routers": [["https-0-k8s4k4o0cg8ksw8wo0k0wgc4"]],
    "Selector.compose_service": ["prometheus"],
    "Selector.name": ["coolify-proxy"],
    "Selector.project": ["shop"],
    "Selector.environment": ["production"],
    "Selector.component": ["database"],
    "Urls.grafana": ["https://grafana.example.com"],
    "Alerts.rules": [{"PostgresConnectionsHigh": {"threshold": "90%"}}],
    "Topology.name": ["mvp"],
}
_NAMED = {"servers": "Server", "services": "Service"}


def json_schema() -> Schema:
    """The schema as plain values for `json.dumps`, with keys in a fixed order."""
    made = model.Topology.model_json_schema(ref_template="#/definitions/{model}")
    definitions = made.pop("$defs")
    described = {"Topology": made, **definitions}
    for name, definition in described.items():
        _describe(name, definition)
    for section, body in _NAMED.items():
        _name_by_key(made["properties"][section], definitions[body], f"#/definitions/{body}")
    top = described.pop("Topology")
    top["patternProperties"] = {f"^{OWN_PREFIX}": {"description": "Your own YAML anchors. Ignored."}}
    top["title"] = "boxwatch topology"
    return {"$schema": _DIALECT, **top, "definitions": definitions}


def _describe(name: str, definition: Schema) -> None:
    """Replace pydantic's texts for programmers with descriptions for users."""
    # An override has the description of its default.
    described = name.replace("Overrides", "s")
    home = next(home for home in (settings, notifications, model) if hasattr(home, described))
    strings = _strings(getattr(home, described))
    definition["description"] = " ".join(str(definition["description"]).split())
    for key, field in definition["properties"].items():
        _simplify(field)
        if key in strings:
            field["description"] = strings[key]
        if f"{name}.{key}" in _EXAMPLES:
            field["examples"] = _EXAMPLES[f"{name}.{key}"]
        if field.get("default") in (None, [], {}) or isinstance(field["default"], dict):
            field.pop("default", None)
        else:
            field["default"] = _written(field)
        if key in MAY_BE_EMPTY:
            definition["properties"][key] = _or_empty(field)
    if name == "Notifications":
        # One receiver, or a list of them, stands for all severities.
        by_service = definition["properties"]["services"]
        by_service["additionalProperties"] = {
            "anyOf": [*definition["properties"]["warning"]["anyOf"], by_service["additionalProperties"]]
        }
    if name == "Service":
        _without_containers(definition)
    server = definition["properties"].get("server")
    if server is not None:
        one = forms.NAME
        server.update(anyOf=[one, {"type": "array", "items": one, "minItems": 1, "uniqueItems": True}])
        server.pop("type", None)
        server.pop("items", None)


def _without_containers(definition: Schema) -> None:
    """A service may run in no container; any other states its memory."""
    containers = definition["properties"]["containers"]
    containers["anyOf"].insert(0, {"const": "none"})
    definition["required"].remove("memory")
    definition["anyOf"] = [
        {"required": ["memory"]},
        {"required": ["containers"], "properties": {"containers": {"const": "none"}}},
    ]


def _written(field: Schema) -> object:
    """The default of a field as people write it: durations, response times and shares with their unit."""
    default, form = field["default"], {key: field.get(key) for key in ("pattern", "anyOf")}
    if form["pattern"] == forms.DURATION["pattern"]:
        return units.format_duration(default)
    if form["pattern"] == forms.LATENCY["pattern"]:
        return f"{default:g}s"
    return f"{default * 100:.6g}%" if form["anyOf"] == forms.RATIO["anyOf"] else default


def _simplify(field: Schema) -> None:
    """Remove titles and null: an empty value is an error."""
    field.pop("title", None)
    choices = [choice for choice in field.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        field.pop("anyOf")
        field.update(choices[0])
    reference = field.pop("$ref", None)
    if reference is not None:
        # Draft-07 ignores the siblings of a $ref.
        field["allOf"] = [{"$ref": reference}]
    for choice in (*field.get("anyOf", []), field.get("items", {})):
        choice.pop("title", None)


def _or_empty(field: Schema) -> Schema:
    """Allow an empty section, in which everything is commented out."""
    outside = {key: value for key, value in field.items() if key in ("description", "examples")}
    inside = {key: value for key, value in field.items() if key not in outside}
    return {**outside, "anyOf": [*inside.pop("allOf", [inside]), {"type": "null"}]}


def _name_by_key(section: Schema, body: Schema, reference: str) -> None:
    """Describe a sequence of named bodies as the mapping written in the file."""
    body["properties"].pop("name", None)
    body["required"] = [key for key in body["required"] if key != "name"]
    section.pop("items", None)
    section.update(
        type="object",
        minProperties=1,
        propertyNames={"pattern": forms.NAME["pattern"], "maxLength": forms.LONGEST_NAME},
        additionalProperties={"$ref": reference},
    )


def _strings(cls: type[BaseModel]) -> dict[str, str]:
    """Key → the string below its attribute, including inherited ones."""
    found: dict[str, str] = {}
    for ancestor in reversed(cls.__mro__):
        if issubclass(ancestor, values.Model) and ancestor is not values.Model:
            found |= _own_strings(ancestor)
    return {field.alias or name: found[name] for name, field in cls.model_fields.items() if name in found}


def _own_strings(cls: type) -> dict[str, str]:
    """Attribute → the string below it."""
    body = next(node.body for node in ast.walk(ast.parse(inspect.getsource(cls))) if isinstance(node, ast.ClassDef))
    found = {}
    for statement, following in itertools.pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            text = following.value if isinstance(following, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                found[statement.target.id] = " ".join(text.value.split())
    return found
