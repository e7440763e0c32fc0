"""Every file under tests/topologies/good loads without a warning, and editors accept it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator
from support.expectations import subjects

from boxwatch.topology.load import load
from boxwatch.topology.schema import json_schema

GOOD = Path(__file__).parents[1] / "topologies" / "good"
FILES = subjects(GOOD)


class EditorLoader(yaml.SafeLoader):
    """A loader with YAML 1.2's core types, as in the YAML language server."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's way to say it
        first: [(tag, form) for tag, form in resolvers if tag.rpartition(":")[2] in ("null", "merge", "float")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


EditorLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)$"), list("tf"))
EditorLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_loads_without_a_warning(path: Path) -> None:
    """Every valid file loads without a warning."""
    loaded = load(path, ext_str={"env": "production"} if path.suffix == ".jsonnet" else {})
    assert loaded.warnings == ()
    assert loaded.topology.services
    assert loaded.source == str(path)


@pytest.mark.repeats
@pytest.mark.parametrize("path", [path for path in FILES if path.suffix != ".jsonnet"], ids=lambda path: path.name)
def test_the_schema_for_editors_accepts_it(path: Path) -> None:
    """The schema accepts the file as an editor reads it: scalars on which YAML 1.1 and 1.2 disagree are text."""
    content = path.read_bytes()
    value = json.loads(content) if path.suffix == ".json" else yaml.load(content, EditorLoader)  # noqa: S506 - a safe one
    assert list(Draft7Validator(json_schema()).iter_errors(value)) == []
