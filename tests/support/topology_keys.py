"""The keys of a topology file, from the models, in the order in which one writes them: types, defaults, examples.

The examples are the values in tests/topologies/good/every-key.yaml, which loads and has every key.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic.fields import FieldInfo

from boxwatch.topology import kinds
from boxwatch.topology.model import Topology
from boxwatch.topology.schema import json_schema
from boxwatch.topology.values import Model

EXAMPLE = Path(__file__).parent.parent / "topologies" / "good" / "every-key.yaml"
# The heading of the table of kinds.
KINDS = "Kinds"
# A section has a table of its own, and its example stands above it.
BELOW = "below"
# Of its keys, those without a value of their own have the value of the definition without it.
_OVERRIDES = "Overrides"
_REFERENCE = "#/definitions/"
_DEFAULT = re.compile(r"\bDefault: (.+?)(?:\.(?= |$)|$)")
Place = tuple[str | int, ...]
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes:
        name: as it is written.
        type: type, unit and allowed values, as Markdown.
        default: as it is written, `required`, or a few words.
        description: what it is for.
        example: the key with a value, as YAML; BELOW for a section.
        place: where the example stands in the file of examples.
    """

    name: str
    type: str
    default: str
    description: str
    example: str
    place: Place


@dataclass(frozen=True, slots=True)
class Section:
    """One table of keys.

    Attributes:
        path: where its keys stand: `services.NAME.containers[]`; empty for the top level.
        description: what it is.
        keys: in the order in which one writes them.
        place: where its example stands in the file of examples.
    """

    path: str
    description: str
    keys: tuple[Key, ...]
    place: Place

    @property
    def title(self) -> str:
        """Its heading."""
        return self.path or "Top level"


@functools.cache
def sections() -> tuple[Section, ...]:
    """Every section, each below the key that holds it."""
    return tuple(_Walk(json_schema(), yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))).sections())


def forms() -> dict[str, tuple[str, list[object]]]:
    """Type → how it is written, and examples: of every type that needs explaining."""
    found: dict[str, tuple[str, list[object]]] = {}

    def visit(node: object) -> None:
        if isinstance(node, dict):
            kind, _, how = str(node.get("$comment", "")).partition(": ")
            if how:
                found.setdefault(kind.partition(",")[0], (how, node.get("examples", [])))
            for inner in node.values():
                visit(inner)
        elif isinstance(node, list):
            for inner in node:
                visit(inner)

    schema = json_schema()
    visit({key: value for key, value in schema.items() if key != "definitions"})
    visit(schema["definitions"])
    return dict(sorted(found.items()))


def at(document: Any, place: Place) -> Any:  # noqa: ANN401 - a YAML document
    """What stands at a place of a document."""
    for part in place:
        document = document[part]
    return document


def anchor(title: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def flow(value: object) -> str:
    """A value as YAML on one line."""
    return (
        yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True)
        .removesuffix("\n")
        .removesuffix("\n...")
    )


class _Walk:
    """A walk through the definitions from the top level down; each is described where it is met first."""

    def __init__(self, schema: Schema, example: object) -> None:
        self._schema = schema
        self._example = example
        self._seen: dict[str, str] = {}
        self._fields = {"" if cls is Topology else cls.__name__: _fields(cls) for cls in _models(Model)}

    def sections(self) -> Iterator[Section]:
        """The top level, and what is below it."""
        yield from self._section("", self._schema, "", [()])

    def _section(self, path: str, body: Schema, name: str, places: list[Place]) -> Iterator[Section]:
        inner: list[tuple[str, str, list[Place]]] = []
        keys: list[Key] = []
        for key, field in body["properties"].items():
            there = [(*place, key) for place in places if key in at(self._example, place)]
            assert there, f"{EXAMPLE.name} has no {path}.{key}: write one; docs/topology.md takes its examples there"
            below = list(self._below(field, f"{path}.{key}" if path else key, there))
            for definition, where, _ in below:
                self._seen.setdefault(definition, path if self._is_part_of(definition, body) else where)
            inner += below
            example = BELOW if below and not isinstance(at(self._example, there[0]), (str, int)) else ""
            keys.append(self._key(field, there[0], self._default(key, field, name), example))
        place = max(places, key=lambda one: len(at(self._example, one)))
        yield Section(path, str(body["description"]), tuple(keys), place)
        for definition, where, there in inner:
            if self._seen[definition] == where and not definition.endswith(_OVERRIDES):
                yield from self._section(where, self._schema["definitions"][definition], definition, there)

    def _is_part_of(self, definition: str, body: Schema) -> bool:
        """Whether it has keys of the section that leads to it, and no others."""
        return all(body["properties"].get(key) == field for key, field in self._definition(definition).items())

    def _definition(self, name: str) -> Schema:
        """The keys of a definition."""
        properties: Schema = self._schema["definitions"][name]["properties"]
        return properties

    def _below(self, field: Schema, path: str, places: list[Place]) -> Iterator[tuple[str, str, list[Place]]]:
        """(definition, path, places in the file of examples) of the sections that a key leads to."""
        for choice in (*field.get("allOf", ()), *field.get("anyOf", ())):
            yield from self._below(choice, path, places)
        if "$ref" in field:
            fitting = [place for place in places if isinstance(at(self._example, place), dict)]
            yield str(field["$ref"]).removeprefix(_REFERENCE), path, fitting
        for key, step in (("items", "[]"), ("additionalProperties", ".NAME")):
            if isinstance(field.get(key), dict):
                there = [(*place, part) for place in places for part in _parts(at(self._example, place), key)]
                yield from self._below(field[key], f"{path}{step}", there)

    def _key(self, field: Schema, place: Place, default: str, example: str) -> Key:
        """A key by its last step of a place; `example` is empty where the place has it."""
        key = str(place[-1])
        description = " ".join(str(field["description"]).split())
        said = _DEFAULT.search(description)
        if said and default == said[1]:
            description = " ".join((description[: said.start()] + description[said.end() :].removeprefix(".")).split())
        example = example or flow({key: at(self._example, place)})[1:-1]
        return Key(key, self._type(field), default, description, example, place)

    def _default(self, key: str, field: Schema, name: str) -> str:
        """The default of a definition's key: as it is written, or as its description says it."""
        own = self._fields[name][key]
        if own.is_required():
            return "required"
        if name.endswith(_OVERRIDES):
            return "the global one"
        if "default" in field:
            return f"`{flow(field['default'])}`"
        said = _DEFAULT.search(" ".join(str(field["description"]).split()))
        if said:
            return said[1]
        if isinstance(own.default, Model):
            return "the global ones" if type(own.default).__name__.endswith(_OVERRIDES) else "the defaults of its keys"
        return "none"

    def _type(self, field: Schema) -> str:
        if comment := field.get("$comment"):
            return str(comment).partition(": ")[0]
        choices = [*field.get("allOf", ()), *field.get("anyOf", ())]
        if choices:
            return " or ".join(dict.fromkeys(self._type(one) for one in choices if one != {"type": "null"}))
        if "$ref" in field:
            return self._link(str(field["$ref"]).removeprefix(_REFERENCE))
        if "enum" in field:
            listed = "one of " + ", ".join(f"`{one}`" for one in field["enum"])
            return f"one of the [kinds](#{anchor(KINDS)})" if tuple(field["enum"]) == kinds.NAMES else listed
        return f"`{field['const']}`" if "const" in field else self._plain(field)

    def _plain(self, field: Schema) -> str:
        """A type that JSON has a name for."""
        match field.get("type"):
            case "array":
                return f"list of {_several(self._type(field['items']))}"
            case "object":
                return f"mapping, name → {self._type(field['additionalProperties'])}"
            case "boolean":
                return "`true` or `false`"
            case "integer":
                return f"whole number{_range(field)}"
            case "number":
                return f"number{_range(field)}"
            case _:
                return "text"

    def _link(self, definition: str) -> str:
        described = definition.removesuffix(_OVERRIDES) + "s" if definition.endswith(_OVERRIDES) else definition
        title = self._seen.get(described, described)
        return f"[{title}](#{anchor(title)})"


def _models(cls: type[Model]) -> Iterator[type[Model]]:
    """All models of a topology."""
    for one in cls.__subclasses__():
        yield one
        yield from _models(one)


def _fields(cls: type[Model]) -> dict[str, FieldInfo]:
    """Key → field of a model."""
    return {field.alias or name: field for name, field in cls.model_fields.items()}


def _several(kind: str) -> str:
    """The plural of a type."""
    if kind.startswith("one of "):
        return kind.removeprefix("one of ")
    word, comma, rest = kind.partition(",")
    return kind if not word.replace(" ", "").isalpha() or word == "text" else f"{word}s{comma}{rest}"


def _parts(value: object, key: str) -> list[str | int]:
    """The steps into a list or a mapping."""
    if key == "items":
        return list(range(len(value))) if isinstance(value, list) else []
    return list(value) if isinstance(value, dict) else []


def _range(field: Schema) -> str:
    least, most = field.get("minimum"), field.get("maximum")
    if least is not None and most is not None:
        return f", {least} to {most}"
    return f", at least {least}" if least is not None else f", at most {most}" if most is not None else ""
