"""docs/topology.md says what is true of every key: type, default, description, and an example that loads."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from support import topology_page
from support.topology_keys import BELOW, EXAMPLE, Key, Section, anchor, at, sections

from boxwatch.errors import TopologyError
from boxwatch.exporters.catalogue.metrics import COOLIFY, versions_of
from boxwatch.stack import containers
from boxwatch.topology import kinds
from boxwatch.topology.container_labels import COOLIFY_PULL_REQUEST
from boxwatch.topology.load import parse
from boxwatch.topology.model import Topology
from boxwatch.topology.schema import json_schema
from boxwatch.topology.units import parse_duration

DOCUMENT: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
KEYS = [(section, key) for section in sections() for key in section.keys]
IDS = [f"{section.path}.{key.name}" for section, key in KEYS]
# A topology that is complete but for its services.
SERVER = "name: a\nservers: {main: {cpus: 4, memory: 8g, disk: 80GB}}\n"


def _loaded(document: object) -> Topology:
    return parse(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), "topology.yaml").topology


def _fields(document: object) -> Topology:
    """The topology that the models make of a document, whatever its values say about each other."""
    return Topology.model_validate(document)


def _with(key: Key, value: object) -> dict[str, Any]:
    """The file of examples with another value of a key."""
    document = copy.deepcopy(DOCUMENT)
    at(document, key.place[:-1])[key.name] = value
    return document


def _without(key: Key) -> dict[str, Any]:
    """The file of examples without a key."""
    document = copy.deepcopy(DOCUMENT)
    del at(document, key.place[:-1])[key.name]
    return document


def _written(text: str) -> Any:  # noqa: ANN401 - a YAML value
    """What stands between backticks."""
    return yaml.safe_load(text.strip("`"))


def test_every_key_of_the_format_has_a_row() -> None:
    """As many rows as the schema has keys, but for overrides, which have those of what they override."""
    schema = json_schema()
    found = {(name, key) for name, body in schema["definitions"].items() for key in body["properties"]}
    left_out = {"ThresholdOverrides", "ObjectiveOverrides", "Tuning"}
    assert len(KEYS) == len(schema["properties"]) + sum(name not in left_out for name, _ in found)


@pytest.mark.parametrize(("section", "key"), KEYS, ids=IDS)
def test_every_key_has_a_type_a_default_a_description_and_an_example(section: Section, key: Key) -> None:
    """In its row of the page; the example of a section stands above its own table."""
    assert re.search(r"\w", key.type)
    assert re.search(r"\w", key.default)
    assert re.fullmatch(r"(?s)\S.*[.…]", key.description)
    shown = BELOW if key.example == BELOW else f"`{key.example}`"
    row = f"| `{key.name}` | {key.type} | {key.default} | {key.description} | {shown} |"
    assert row in topology_page.page().replace("\\|", "|")
    if key.example == BELOW:
        inner = [
            one.place[: len(key.place)] == key.place or f"](#{anchor(one.title)})" in key.type for one in sections()
        ]
        assert any(inner), f"{section.path}.{key.name} refers to a section that is not there"


@pytest.mark.repeats
@pytest.mark.parametrize(("section", "key"), [pair for pair in KEYS if pair[1].example != BELOW])
def test_every_example_loads(section: Section, key: Key) -> None:
    """As it stands on the page, in its place in a file."""
    del section
    example = yaml.safe_load(f"{{{key.example}}}")
    assert list(example) == [key.name]
    assert _loaded(_with(key, example[key.name])) == _loaded(DOCUMENT)


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.title)
def test_every_example_of_a_section_is_part_of_a_file_that_loads(section: Section) -> None:
    """With the keys above it, as one would write it."""
    written = yaml.safe_load(topology_page.example(section))
    place = tuple(0 if isinstance(part, int) else part for part in section.place)
    assert at(written, place) == at(DOCUMENT, section.place)
    if section.path:
        assert f"```yaml\n{topology_page.example(section)}```" in topology_page.page()


@pytest.mark.parametrize(("section", "key"), [pair for pair in KEYS if pair[1].default == "required"])
def test_what_is_required_is_missed(section: Section, key: Key) -> None:
    """A file without it is refused, by the name of the key."""
    del section
    with pytest.raises(TopologyError, match=rf"\b{key.name}\b"):
        _loaded(_without(key))


@pytest.mark.parametrize(("section", "key"), [pair for pair in KEYS if pair[1].default.startswith("`")])
def test_a_default_is_what_holds_without_the_key(section: Section, key: Key) -> None:
    """Written out or left out, the topology is the same."""
    del section
    assert _fields(_with(key, _written(key.default))) == _fields(_without(key))


@pytest.mark.parametrize(("section", "key"), [pair for pair in KEYS if pair[1].default[0] not in "`r"])
def test_what_has_a_default_may_be_left_out(section: Section, key: Key) -> None:
    """Whatever the page says of it in words."""
    del section
    assert _fields(_without(key)) != _fields(DOCUMENT)


@pytest.mark.parametrize(("section", "key"), [pair for pair in KEYS if pair[1].type.startswith("whole number, ")])
def test_whole_numbers_have_the_range_that_the_page_says(section: Section, key: Key) -> None:
    """The first and the last are allowed, and their neighbours are not."""
    del section
    least, most = map(int, re.findall(r"\d+", key.type))
    for value in (least, most):
        _fields(_with(key, value))
    for value in (least - 1, most + 1):
        with pytest.raises(ValidationError, match=rf"\b{key.name}\b"):
            _fields(_with(key, value))


@pytest.mark.parametrize(("section", "key"), [pair for pair in KEYS if pair[1].type.startswith("duration, ")])
def test_durations_have_the_range_that_the_page_says(section: Section, key: Key) -> None:
    """Its ends are allowed; a second beyond them is not."""
    del section
    words = key.type.removeprefix("duration, ").replace("`", "").split()
    ends = {"most": words[-1]} if words[0] == "at" and words[1] == "most" else {"least": words[-1]}
    if "to" in words:
        ends = {"least": words[0], "most": words[-1]}
    for end, written in ends.items():
        _fields(_with(key, written))
        beyond = _seconds(written) + (1 if end == "most" else -1)
        with pytest.raises(ValidationError, match=rf"\b{key.name}\b"):
            _fields(_with(key, f"{beyond}s"))


def _seconds(written: str) -> int:
    return 0 if written == "0s" else parse_duration(written)


def test_links_inside_the_page_lead_to_its_headings() -> None:
    """By GitHub's anchors."""
    headings = {anchor(title) for title in re.findall(r"^#+ (.+)$", topology_page.page(), re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", topology_page.page())) <= headings
    assert len(headings) == len(re.findall(r"^#+ ", topology_page.page(), re.MULTILINE))


def test_sections_stand_in_the_order_in_which_one_writes_the_file() -> None:
    """What runs where, then what is judged, then who is notified, then addresses."""
    order = ["servers", "services", "thresholds", "objectives", "alerts", "notifications", "stack", "urls"]
    assert list(dict.fromkeys(section.path.partition(".")[0] for section in sections() if section.path)) == order


def test_every_kind_has_a_row_with_what_it_is_and_where_it_is_scraped() -> None:
    """The default target is the one that a service without `metrics` has."""
    for kind in kinds.KINDS:
        (row,) = [
            line for line in topology_page.page().splitlines() if line.startswith(f"| `{kind.name}` | {kind.title} |")
        ]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        topology = _loaded(yaml.safe_load(f"{SERVER}services: {{x: {{kind: {kind.name}, server: main, memory: 1g}}}}"))
        targets = [target for _, target in topology.metrics_of(topology.services[0])]
        assert [cells[4].strip("`").partition("/")[0].replace("NAME", "x")] == (targets or ["none"])
        assert cells[3] == "none" or cells[3] == COOLIFY or versions_of(cells[3])
        service = topology.services[0]
        assert (cells[5] == "yes", cells[6] == "pages") == (service.faces_users, service.wakes)
        assert (cells[7] == "reclaimable") is service.page_cache_reclaimable


def test_the_docker_command_shows_what_selectors_compare() -> None:
    """The labels that the scrape configuration relabels, but for the one of previews."""
    labels = set(topology_page.labels().values())
    assert labels == set(containers.WHITELISTED_LABELS) - {COOLIFY_PULL_REQUEST}
    assert topology_page.docker_command() in topology_page.page()
    assert all(f'{{{{.Label "{label}"}}}}' in topology_page.docker_command() for label in labels)
    assert re.findall(r"\\.", topology_page.docker_command()) == [r"\t"] * len(labels)


def test_the_stack_of_the_page_is_told_apart() -> None:
    """It loads without a warning, and its containers are components, not replicas."""
    assert topology_page.STACK in topology_page.page()
    loaded = parse(SERVER + topology_page.STACK, "topology.yaml")
    assert loaded.warnings == ()
    assert [len(service.components) for service in loaded.topology.services] == [2, 1]
