"""The JSON Schema for editors."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft7Validator

from boxwatch.topology import kinds
from boxwatch.topology.schema import json_schema

SERVER = {"cpus": 8, "memory": "32g", "disk": "500GB"}
SERVICE = {"kind": "web", "server": "main", "memory": "1g"}


def accepts(value: object) -> bool:
    """Whether an editor would show no error."""
    return Draft7Validator(json_schema()).is_valid(value)


def with_service(**changes: object) -> dict[str, object]:
    """A topology with one service that has these changes."""
    return {"name": "mvp", "servers": {"main": SERVER}, "services": {"web": SERVICE | changes}}


def test_it_is_a_valid_schema_that_every_editor_knows() -> None:
    """The schema is Draft-07 and plain JSON."""
    schema = json_schema()
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert json.loads(json.dumps(schema)) == schema
    assert json_schema() == schema


def test_every_key_has_a_description() -> None:
    """Every key has a description, which editors display."""
    schema = json_schema()
    keys = [("", key, field) for key, field in schema["properties"].items()]
    keys += [(name, *item) for name, body in schema["definitions"].items() for item in body["properties"].items()]
    assert len(keys) > 40
    assert [f"{name}.{key}" for name, key, field in keys if not field.get("description")] == []


def test_kinds_are_offered() -> None:
    """Editors complete the kinds."""
    assert json_schema()["definitions"]["Service"]["properties"]["kind"]["enum"] == list(kinds.NAMES)


def test_defaults_are_written_as_people_write_them() -> None:
    """Durations have their default in the written form, not in seconds."""
    properties = json_schema()["properties"]
    assert properties["scrape_interval"]["default"] == "30s"
    assert json_schema()["definitions"]["Thresholds"]["properties"]["memory_exhausted_within"]["default"] == "1d"


def test_names_are_keys_and_not_fields() -> None:
    """Servers and services are mappings by name."""
    definitions = json_schema()["definitions"]
    assert "name" not in definitions["Server"]["properties"]
    assert definitions["Service"]["required"] == ["kind", "server", "memory"]


@pytest.mark.repeats
@pytest.mark.parametrize(
    "changes",
    [
        {"memory": 2**30},
        {"memory": "1.5 GiB"},
        {"server": ["main", "other"]},
        {"limit": "none"},
        {"limit": "2Gi"},
        {"thresholds": {"memory_near_budget": 0.8}},
        {"thresholds": None, "ports": None, "containers": None},
        {"ports": [80, 443]},
        {"url": "https://example.com/health?x=1"},
        {"thresholds": {"memory_exhausted_within": "1d12h"}},
    ],
)
def test_it_accepts_what_the_loader_accepts(changes: dict[str, object]) -> None:
    """Valid files show no errors in an editor."""
    assert accepts(with_service(**changes))


@pytest.mark.repeats
@pytest.mark.parametrize(
    "changes",
    [
        {"memory": "lots"},
        {"memory": -1},
        {"memory": None},
        {"kind": "wbe"},
        {"server": []},
        {"server": "Main Server"},
        {"replicas": "2"},
        {"replicas": 1001},
        {"replcas": 2},
        {"ports": 80},
        {"ports": [0]},
        {"ports": ["80:80"]},
        {"limit": "unlimited"},
        {"url": "example.com"},
        {"containers": {"resource": "web"}},
        {"containers": [{"image": "nginx"}]},
        {"thresholds": {"memory_exhausted_within": "5"}},
        {"thresholds": {"memory_near_budget": 90}},
        {"name": "web"},
        {"exposed": "yes"},
    ],
)
def test_it_refuses_what_is_structurally_wrong(changes: dict[str, object]) -> None:
    """Structural errors show while typing."""
    assert accepts(with_service())
    assert not accepts(with_service(**changes))


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"name": "mvp", "servers": {"main": SERVER}, "services": {}},
        {"name": "mvp", "servers": {"main": SERVER}, "services": [SERVICE]},
        {"name": "mvp", "servers": {"main": SERVER}, "services": {"Web 1": SERVICE}},
        {"name": "mvp", "servers": {"main": SERVER | {"disk": "500g"}}, "services": {"web": SERVICE}},
        with_service() | {"version": 2},
        with_service() | {"unknown": 1},
    ],
)
def test_it_refuses_files_of_another_shape(value: object) -> None:
    """A list, an empty file, an invalid name and another version are rejected."""
    assert not accepts(value)


def test_keys_for_anchors_are_allowed_at_the_top() -> None:
    """Top-level x- keys are allowed, as in Docker Compose."""
    assert accepts(with_service() | {"x-app": {"anything": [1]}})
