"""Properties of every file: it loads, or every problem has a place in it, and nothing else happens."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from support import rotation
from support.topologies import a_server, a_service, a_topology, complete
from support.written import written

from boxwatch.errors import Problem, TopologyError
from boxwatch.topology import default, kinds
from boxwatch.topology.load import parse
from boxwatch.topology.model import Topology
from boxwatch.topology.reading import source

DEFAULT = default.text()
# Whole lines and words of the format, so that random text resembles real files.
LINES = DEFAULT.splitlines()
WORDS = [
    *sorted(set(re.findall(r"[a-z_]+:?|[0-9]+[a-zA-Z%]*|[\[\]{}#:&*!|>%@`'\"-]", DEFAULT))),
    "<<:", "*a", "&a", "\t", "~", "yes", "0777", "1:30", ".inf", "!!python/name:os.system", "---", "...", "? ", "\x00",
    "\ufeff", "\u2028", "\xa0", "\U0001f4e6", "9" * 30, "-1g",
]  # fmt: skip


def holds(text: str) -> bool:
    """Whether the text loads, or is rejected with places inside it; any other exception propagates."""
    try:
        parse(source.decode(text.encode("utf-8", "surrogatepass"), "a.yaml"), "a.yaml")
    except TopologyError as error:
        problems = error.problems
    else:
        return True
    lines = re.split("\r\n|\r|\n", text.removeprefix("\ufeff"))
    return bool(problems) and all(is_in(problem, lines) for problem in problems)


def is_in(problem: Problem, lines: list[str]) -> bool:
    """Whether a problem has a one-line message and an existing place."""
    somewhere = not problem.line or (
        problem.line <= len(lines) and 1 <= problem.column <= len(lines[problem.line - 1]) + 1
    )
    return somewhere and bool(problem.message) and "\n" not in str(problem)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
@example("\r")
@example("a: 'b\r\n")
@example("\ufeff\ufeff")
def test_random_text(text: str) -> None:
    """Any random text loads or is rejected."""
    assert holds(text)


@given(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join))
@example("? ? ?")
@example("x-a: &a [*a]")
def test_random_words_of_the_format(text: str) -> None:
    """Any line of random words of the format loads or is rejected."""
    assert holds(text)


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from(WORDS), st.sampled_from(WORDS)), max_size=30))
def test_random_lines_of_the_format(lines: list[tuple[int, str, str]]) -> None:
    """Any randomly indented lines of the format load or are rejected."""
    assert holds("".join(f"{'  ' * indent}{key} {value}\n" for indent, key, value in lines))


@given(
    st.lists(
        st.tuples(st.sampled_from("cdix"), st.integers(0, len(LINES) - 1), st.sampled_from(WORDS)),
        min_size=1,
        max_size=8,
    )
)
def test_the_default_file_with_random_mistakes(changes: list[tuple[str, int, str]]) -> None:
    """The default file with lines cut, duplicated or reworded loads or is rejected."""
    lines = list(LINES)
    for kind, number, word in changes:
        at = number % len(lines)
        if kind == "c":
            lines.pop(at)
        elif kind == "d":
            lines.insert(at, lines[at])
        elif kind == "i":
            lines[at] = f"{lines[at]} {word}"
        else:
            lines[at] = re.sub(r"(?<=: ).*", lambda _, word=word: word, lines[at])  # type: ignore[misc]
    assert holds("\n".join(lines))


@given(st.integers(0, len(DEFAULT)), st.integers(0, 40), st.text(max_size=5))
def test_the_default_file_with_a_piece_replaced(start: int, length: int, piece: str) -> None:
    """The default file with any part replaced loads or is rejected."""
    assert holds(DEFAULT[:start] + piece + DEFAULT[start + length :])


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,3})?", fullmatch=True)
KEYS = st.sampled_from(
    [*Topology.model_fields, "memory", "server", "kind", "cpus", "disk", "ports", "containers", "x-a"]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.dates()
    | st.sampled_from(["1g", "main", "500GB", "web", "5m", "90%", "https://example.com"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | NAMES | st.text(max_size=5), inner, max_size=5),
    max_leaves=25,
)


@given(st.dictionaries(KEYS, VALUES, max_size=8) | VALUES)
def test_nested_values_as_yaml(value: object) -> None:
    """Any nested value, dumped by PyYAML with anchors and tags, loads or is rejected."""
    assert holds(yaml.dump(value, allow_unicode=True))


@given(st.binary(max_size=200) | st.binary(max_size=20).map(lambda noise: DEFAULT.encode()[:500] + noise))
@example(b"\xff\xfe")
@example(b"name: \xc3")
def test_random_bytes(content: bytes) -> None:
    """Any bytes in a file load or are rejected."""
    try:
        text = source.decode(content, "a.yaml")
    except TopologyError as error:
        lines = [" " * len(content) for _ in re.split(rb"\r\n|\r|\n", content)]
        fine = all(is_in(problem, lines) for problem in error.problems)
    else:
        fine = holds(text)
    assert fine


@st.composite
def topologies(draw: Callable[..., object]) -> Topology:
    """Topologies of plain services whose plans fit."""
    memory = st.integers(6 * 2**20, 2**30)
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique_by=lambda name: name.split("-")[0]))
    assert isinstance(names, list)
    services = [
        a_service(
            name,
            kind=draw(st.sampled_from(kinds.NAMES)),
            replicas=draw(st.integers(0, 3)),
            memory=draw(memory),
            assumed=draw(st.booleans()),
            ports=[3000 + number],
            page_cache=draw(st.sampled_from(["counted", "reclaimable"])),
            containers=[{"name": f"{name}-c.*"}] if draw(st.booleans()) else [],
            thresholds={"restarts": draw(st.integers(1, 1000)), "memory_near_limit": f"{draw(st.integers(1, 100))}%"},
        )
        for number, name in enumerate(names)
    ]
    return a_topology(
        name=draw(NAMES),
        scrape_interval=f"{draw(st.integers(10, 60))}s",
        servers=[a_server(memory=draw(st.integers(2**35, 2**40)), stated_total=draw(memory))],
        services=services,
        alerts={"deploy_grace": f"{draw(st.integers(1, 7200))}s"},
        urls={"grafana": "https://grafana.example.com"},
    )


@rotation.examples(50)
@given(topologies())
def test_a_topology_that_is_written_and_loaded_is_the_same(topology: Topology) -> None:
    """A written and reloaded topology keeps every number."""
    assert parse(written(topology), "a.yaml").topology == topology


def test_the_default_topology_survives_being_written() -> None:
    """Components, exposure and limits survive a round trip."""
    topology = complete()
    assert parse(written(topology), "a.yaml").topology == topology


@pytest.mark.parametrize("services", [1000])
def test_a_thousand_services_load_without_a_word(services: int) -> None:
    """A thousand services load without a warning; the benchmarks measure the time."""
    lines = [f"  s{i}: {{kind: web, server: main, memory: 6m, ports: [{i + 1}]}}" for i in range(services)]
    head = ["name: many", "servers: {main: {cpus: 8, memory: 32g, disk: 500GB}}", "services:"]
    loaded = parse("\n".join([*head, *lines]), "a.yaml")
    assert (len(loaded.topology.services), loaded.warnings) == (services, ())
