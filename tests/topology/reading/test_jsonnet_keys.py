"""Places of keys in Jsonnet."""

from __future__ import annotations

import pytest

from boxwatch.topology.reading.document import Path, Place
from boxwatch.topology.reading.jsonnet_keys import KeyPlaces


def place(text: str, *path: str | int) -> tuple[int, int]:
    """Line and column of the key at the path."""
    _, line, column = KeyPlaces({"a.jsonnet": text}).key(path)
    return line, column


@pytest.mark.parametrize(
    "text",
    [
        "{ a: { b: 1 } }",
        "{ a:: { b: 1 } }",
        "{ a+: { b: 1 } }",
        "{'a': { b: 1 } }",
        '{"a": { b: 1 } }',
        "{@'a':{ b: 1 } }",
        "{ a: ({ b: 1})}",
    ],
)
def test_keys_of_every_spelling_are_found(text: str) -> None:
    """Plain, hidden, extended and quoted keys are found."""
    assert place(text, "a", "b")[1] in (8, 9, 10)
    assert place(text, "a")[1] in (2, 3)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("{\n  a: [\n    { b: 1 },\n    { b: 2 },\n  ],\n}", ("a", 1, "b"), (4, 7)),
        ("local make(b) = {\n  b: b };\n{ a: make(1) }", ("a", "b"), (2, 3)),
        ("{ x: { b: 1 },\n  a: f() }", ("a", "b"), (2, 3)),
        ("{ [n]: { b: 1 } for n in ['a'] }", ("a", "b"), (1, 10)),
        ("{ a: 1 } + {\n  a: 2 }", ("a",), (2, 3)),
        ("{ // a: 0\n  /* a: 1 */ # a: 2\n  a: 3 }", ("a",), (3, 3)),
        ("{ t: |||\n    a: text\n  |||,\n  a: 1 }", ("a",), (4, 3)),
        ("{ t: 'a: {', \n  a: 1 }", ("a",), (2, 3)),
        ("{ local x = 1, assert true, a: 1 }", ("a",), (1, 29)),
        ("{ x: y['a'], a: [1, 2][0] }", ("a",), (1, 14)),
        ("{ f(x):: x, a: 1 }", ("a",), (1, 13)),
        ("} ] a: 1 {", ("a",), (0, 0)),
        ("{ a", ("a",), (0, 0)),
        ("", ("a",), (0, 0)),
    ],
)
def test_the_longest_row_of_keys_that_ends_a_path_wins(text: str, path: Path, expected: tuple[int, int]) -> None:
    """List items match by position, helpers by suffix, computed keys anything."""
    assert place(text, *path) == expected


def test_the_main_file_has_the_last_word() -> None:
    """The main file takes precedence over the file it overrides."""
    places = KeyPlaces({"main.jsonnet": "{ a+: { b: 2 } }", "base.libsonnet": "{ a: { b: 1 }, c: 3 }"})
    assert places.value(("a", "b")) == Place("main.jsonnet", 1, 9)
    assert places.value(("c",)) == Place("base.libsonnet", 1, 16)
    assert places.value(()) == Place("main.jsonnet", 0, 0)
