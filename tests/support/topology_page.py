"""docs/topology.md: every key of a topology file with type, default and example, from the models."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import yaml

from boxwatch.topology.kinds import KINDS, Kind
from boxwatch.topology.schema import json_schema
from support import topology_keys
from support.topology_keys import BELOW, EXAMPLE, Key, Section, at, flow, forms, sections

_GENERATED = "<!-- Made from the code by `make golden`. -->"
_LABEL = re.compile(r"label ([\w.]+)")
_TAB = r"\t"
_CONTAINERS = "services.NAME.containers[]"
# A topology with what the text on one-click stacks shows; a test loads it.
STACK = """\
services:
  plausible:
    kind: web
    server: main
    memory: 1536m
    containers:
      - {resource: plausible, compose_service: plausible, component: app, memory: 512m}
      - {resource: plausible, compose_service: plausible_events_db, component: clickhouse, memory: 1g}
  plausible-db:
    kind: postgres
    server: main
    memory: 512m
    containers:
      - {resource: plausible, compose_service: plausible_db}
"""
_SELECTING = """\
#### How to find the labels of a container

On the server, this lists all containers with the values that a selector compares, in the order {keys}:

```sh
{command}
```

Prometheus sees these labels only if cAdvisor exports them: see the flags at the top of `prometheus/prometheus.yml`.
Select a container without labels, such as Coolify's own, by `name`.

#### A one-click stack is one resource

Coolify gives all containers of a one-click service or compose application the same `coolify.resourceName`. With
`resource` alone, or without `containers`, its database and its cache would count as replicas of the application. Tell
them apart by `compose_service`: name each as a `component` of one service, with its share of the RAM, or make it a
service of its own, which gives a database the alerts of its kind:

```yaml
{stack}```"""


@functools.cache
def page() -> str:
    """The whole page."""
    parts = ["# The topology file", _GENERATED, *_introduction()]
    for section in sections():
        parts += _section(section)
        if section.path == _CONTAINERS:
            parts.append(_SELECTING.format(keys=_listed(_selected()), command=docker_command(), stack=STACK))
    parts += [f"## {topology_keys.KINDS}", *_kinds()]
    return "\n\n".join(parts) + "\n"


def docker_command() -> str:
    """The command that shows what selectors compare: the container's name, and the labels that their keys stand for."""
    columns = ["{{.Names}}", *(f'{{{{.Label "{label}"}}}}' for label in labels().values())]
    # Docker's tab, not ours.
    return f"docker ps --all --format 'table {_TAB.join(columns)}'"


def labels() -> dict[str, str]:
    """Key of a selector → the container label that it compares, as its description says."""
    properties = json_schema()["definitions"]["Selector"]["properties"]
    found = {key: _LABEL.search(str(field["description"])) for key, field in properties.items()}
    return {key: match[1] for key, match in found.items() if match}


def _selected() -> list[str]:
    return ["name", *labels()]


def _listed(words: list[str]) -> str:
    quoted = [f"`{word}`" for word in words]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _introduction() -> Iterator[str]:
    yield (
        "`boxwatch init` writes a commented file, `boxwatch init --minimal` the least that works; `boxwatch schema`"
        " prints the JSON Schema with which editors complete and check it. Keys stand here in the order in which one"
        " writes the file. Unknown keys are errors; only top-level keys that begin with `x-` are free, for YAML"
        " anchors. A topology in Jsonnet has the same keys."
    )
    yield "## How values are written"
    yield _table(
        ("type", "written as", "examples"),
        ((kind, how, ", ".join(f"`{flow(one)}`" for one in examples)) for kind, (how, examples) in forms().items()),
    )


def _section(section: Section) -> Iterator[str]:
    depth = "##" if "." not in section.path else "###"
    yield f"{depth} {section.title}"
    yield section.description
    if section.path:
        yield f"```yaml\n{example(section)}```"
    yield _table(("key", "type", "default", "description", "example"), map(_row, section.keys))


def _row(key: Key) -> tuple[str, ...]:
    shown = BELOW if key.example == BELOW else f"`{key.example}`"
    return f"`{key.name}`", key.type, key.default, key.description, shown


@functools.cache
def _examples() -> Any:  # noqa: ANN401 - a YAML document
    return yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))


def example(section: Section) -> str:
    """An example of a section as it stands in a file, with the keys above it."""
    document: Any = at(_examples(), section.place)
    for part in reversed(section.place):
        document = [document] if isinstance(part, int) else {part: document}
    written: str = yaml.safe_dump(document, sort_keys=False, width=100, allow_unicode=True, default_flow_style=None)
    return written


def _kinds() -> Iterator[str]:
    yield (
        "The value of `kind`. Each kind with an exporter has rules, a dashboard and a scrape job of its own; `metrics`"
        " overrides the target, in which NAME is the name of the service. Names under *instead of* are refused, and the"
        " error says which kind to write."
    )
    heads = ("kind", "what it is", "instead of", "metrics of", "default target", "objectives", "outage", "page cache")
    yield _table(heads, map(_kind, KINDS))


def _kind(kind: Kind) -> tuple[str, ...]:
    target = f"`{kind.target.format('NAME')}{kind.pages[0].path}`" if kind.scraped else "none"
    return (
        f"`{kind.name}`",
        kind.title,
        ", ".join(kind.aliases),
        kind.exporter or "none",
        target,
        "yes" if kind.user_facing else "no",
        "pages" if kind.wakes else "ticket",
        "reclaimable" if kind.page_cache else "counted",
    )


def _table(heads: tuple[str, ...], rows: Any) -> str:  # noqa: ANN401 - rows of cells
    lines = [heads, tuple("---" for _ in heads), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
