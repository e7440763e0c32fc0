"""Docker Compose itself reads both files: they follow the Compose specification, and its variables are filled in."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from support import stacks
from support.artefacts import complete_artefacts, default_artefacts
from support.coolify_parser import Resource
from support.programs import compose_program, compose_schema

from boxwatch.assemble import assemble
from boxwatch.stack import compose


@pytest.fixture(scope="module")
def tool() -> str:
    """Docker Compose 2 or later."""
    return compose_program()


def _config(tool: str, text: str, folder: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    file = folder / "compose.yaml"
    file.write_text(text, encoding="utf-8")
    (folder / ".env").write_text("", encoding="utf-8")
    return subprocess.run(
        [tool, "--file", file, "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], **variables},
    )


def _read(tool: str, text: str, folder: Path) -> Any:  # noqa: ANN401 - a JSON document
    """The file as Docker Compose understands it, with a word for every variable that it requires."""
    done = _config(tool, text, folder, dict.fromkeys(stacks.variables(text), "word"))
    assert done.returncode == 0, done.stderr
    assert "is not set" not in done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("made", [default_artefacts, complete_artefacts])
def test_the_compose_file_is_valid(tool: str, made: Any, tmp_path: Path) -> None:  # noqa: ANN401 - a function
    """Every key is of the specification, and nothing is lost or reinterpreted."""
    text = made()[compose.PATH].decode()
    ours, theirs = yaml.safe_load(text)["services"], _read(tool, text, tmp_path)["services"]

    assert theirs.keys() == ours.keys()
    for name, service in theirs.items():
        assert len(service.get("volumes", [])) == len(ours[name].get("volumes", [])), name
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["user"] == ours[name]["user"], name
    assert "^(veth.*|br-.*|docker.*|lo)$" in str(theirs["node-exporter"]["command"])
    assert theirs["prometheus"]["mem_limit"] == str(896 * 2**20)


@pytest.mark.parametrize("made", [default_artefacts, complete_artefacts])
def test_what_coolify_deploys_is_valid(tool: str, made: Any, tmp_path: Path) -> None:  # noqa: ANN401 - a function
    """After its parser took the inline files out."""
    deployed = yaml.safe_dump(Resource().paste(stacks.pasted(made())).compose)

    assert _read(tool, deployed, tmp_path)["services"].keys() == stacks.document(made())["services"].keys()


def test_a_missing_variable_is_named(tool: str, tmp_path: Path) -> None:
    """No container starts with an empty password."""
    text = default_artefacts()[compose.PATH].decode()
    variables = dict.fromkeys(stacks.variables(text) - {"BOXWATCH_POSTGRES_PASSWORD"}, "word")

    done = _config(tool, text, tmp_path, variables)
    assert done.returncode != 0
    assert "BOXWATCH_POSTGRES_PASSWORD" in done.stderr


def test_an_unknown_key_is_refused(tool: str, tmp_path: Path) -> None:
    """Or the tests above would prove nothing."""
    text = default_artefacts()[compose.PATH].decode().replace("read_only:", "readonly:", 1)

    assert _config(tool, text, tmp_path, dict.fromkeys(stacks.variables(text), "word")).returncode != 0


@pytest.mark.repeats(traced=0)
def test_what_is_drawn_is_valid(tool: str, schema: jsonschema.Draft7Validator, tmp_path: Path) -> None:
    """Both forms, of any topology, for Docker Compose and by the specification's schema."""

    @stacks.drawn(4)
    @given(text=stacks.planned())
    def valid(text: str) -> None:
        made = assemble(stacks.of(text))
        deployed = Resource().paste(stacks.pasted(made)).compose
        _read(tool, made[compose.PATH].decode(), tmp_path)
        _read(tool, yaml.safe_dump(deployed), tmp_path)
        assert _violations(schema, stacks.document(made)) == []
        assert _violations(schema, deployed) == []

    valid()


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    """The schema of the Compose specification, whose patterns are for Go."""
    return jsonschema.Draft7Validator(compose_schema())


def _violations(schema: jsonschema.Draft7Validator, document: object) -> list[str]:
    return [f"{'.'.join(map(str, error.path))}: {error.message[:200]}" for error in schema.iter_errors(document)]


@pytest.mark.parametrize(
    "broken",
    [
        {"services": {"a": {"image": "a:1", "readonly": True}}},
        {"services": {"a": {"image": "a:1", "mem_limit": []}}},
        {"services": {"a b": {"image": "a:1"}}},
        {"services": {"a": {"image": "a:1", "healthcheck": {"interval": 30}}}},
    ],
)
def test_the_schema_refuses_what_is_no_compose_file(schema: jsonschema.Draft7Validator, broken: object) -> None:
    """Or nothing would be proved of what is drawn."""
    assert _violations(schema, broken)
