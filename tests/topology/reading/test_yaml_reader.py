"""YAML → values with places."""

from __future__ import annotations

import pytest
import yaml

from boxwatch.errors import TopologyError
from boxwatch.topology.reading import yaml_reader, yaml_syntax
from boxwatch.topology.reading.document import Place


def value_of(text: str) -> object:
    """The value of a document without issues."""
    document, mistakes = yaml_reader.read(text, "a.yaml")
    assert mistakes == ()
    return document.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("8", 8),
        ("-8", -8),
        ("+8", 8),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("yes", "yes"),
        ("off", "off"),
        ("0777", "0777"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("2024-01-01", "2024-01-01"),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, "9" * 19),
        ("'8'", "8"),
        ('"true"', "true"),
        ("! 8", "8"),
        ("!!str 8", "8"),
        ("|\n  8\n", "8\n"),
    ],
)
def test_only_what_every_reader_agrees_on_is_more_than_text(text: str, value: object) -> None:
    """Scalars that YAML 1.1 and 1.2 read differently are text."""
    found = value_of(f"- {text}\n")
    assert found == [value]
    assert isinstance(found, list)
    assert type(found[0]) is type(value)


def test_keys_are_text_whatever_they_look_like() -> None:
    """Keys are text, so a service may be called `no`."""
    assert value_of("{8: a, no: b, null: c, 1.5: d, true: e}") == {
        "8": "a",
        "no": "b",
        "null": "c",
        "1.5": "d",
        "true": "e",
    }


def test_a_key_that_is_written_wins_over_merged_ones_and_the_earlier_merge_over_the_later() -> None:
    """Merge precedence follows YAML 1.1, wherever the merge key is written."""
    text = "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc: {<<: [*a, *b], y: 3}\nd: {y: 4, <<: *b}\n"
    document = value_of(text)
    assert isinstance(document, dict)
    assert document["c"] == {"x": 1, "y": 3, "z": 2}
    assert document["d"] == {"x": 2, "y": 4, "z": 2}


def test_a_quoted_merge_key_is_an_ordinary_key() -> None:
    """Quotes turn `<<` into plain text."""
    assert value_of("a: {'<<': {b: 1}}") == {"a": {"<<": {"b": 1}}}


def test_an_alias_can_stand_for_a_key() -> None:
    """An alias may be a key."""
    assert value_of("a: &name web\nb: {*name : 1}\n") == {"a": "web", "b": {"web": 1}}


def test_an_anchor_can_be_used_before_it_is_defined_again() -> None:
    """An alias refers to the last anchor of its name before it."""
    assert value_of("[&a 1, *a, &a 2, *a]") == [1, 1, 2, 2]


def test_places_are_those_of_keys_and_values() -> None:
    """Lines and columns count from 1, in characters."""
    document, _ = yaml_reader.read("ä: {b: [1,  2]}\n", "a.yaml")
    places = document.places
    assert places.key(("ä", "b")) == Place("a.yaml", 1, 5)
    assert places.value(("ä", "b")) == Place("a.yaml", 1, 8)
    assert places.value(("ä", "b", 1)) == Place("a.yaml", 1, 13)
    assert places.key(("ä", "b", 1)) == Place("a.yaml", 1, 13)


def test_a_place_that_is_not_there_is_that_of_what_should_have_it() -> None:
    """A missing value has the place of its parent."""
    document, _ = yaml_reader.read("a:\n  b: 1\n", "a.yaml")
    assert document.places.key(("a", "c", "d")) == Place("a.yaml", 1, 1)
    assert document.places.value(("a", "b", 0)) == Place("a.yaml", 2, 6)


def test_what_is_in_an_alias_is_where_the_anchor_is() -> None:
    """A value in an alias has its place at the anchor, where it has to be fixed."""
    document, _ = yaml_reader.read("a: &a {b: 1}\nc: *a\n", "a.yaml")
    assert document.places.value(("c", "b")) == Place("a.yaml", 1, 11)


def test_mistakes_before_a_syntax_error_are_told_with_it() -> None:
    """Issues found before a syntax error are reported with it."""
    with pytest.raises(TopologyError) as caught:
        yaml_reader.read("a: 1\na: 2\nb: [\n", "a.yaml")
    assert [problem.line for problem in caught.value.problems] == [2, 4]


def test_the_parser_written_in_python_gives_the_same_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML's Python parser, used if the C one is missing, gives the same values."""
    text = "a: &a {b: [1, 'two', ~]}\nc: {<<: *a, d: |\n  text\n}\n".replace("|\n  text\n", "x")
    fast = yaml_reader.read(text, "a.yaml")[0]
    monkeypatch.setattr(yaml_reader, "_LOADER", yaml.SafeLoader)
    slow = yaml_reader.read(text, "a.yaml")[0]
    assert slow.value == fast.value
    assert slow.places.value(("c", "b", 1)) == fast.places.value(("c", "b", 1))


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\tb", "a: 'x", "%x", "a: &", "{a: b", "a\nb: c"])
def test_the_parser_written_in_python_is_refused_with_a_place(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors of PyYAML's Python parser have a place too."""
    monkeypatch.setattr(yaml_reader, "_LOADER", yaml.SafeLoader)
    with pytest.raises(TopologyError) as caught:
        yaml_reader.read(text, "a.yaml")
    assert all(problem.line >= 1 and problem.column >= 1 for problem in caught.value.problems)


def test_an_error_of_the_parser_without_a_place_is_at_the_beginning() -> None:
    """A parser error without a place is reported at the start of the file."""
    problem = yaml_syntax.explain(yaml.YAMLError("something new"), "text", "a.yaml")
    assert str(problem) == "a.yaml:1:1: is not YAML: something new"


def test_a_character_that_starts_nothing_is_named() -> None:
    """The error names the character at which the parser stopped."""
    mark = yaml.Mark("a.yaml", 2, 0, 2, "", 0)
    error = yaml.scanner.ScannerError(None, None, "found character that cannot start any token", mark)
    assert "has a '$', which cannot start a value" in str(yaml_syntax.explain(error, "a $", "a.yaml"))
