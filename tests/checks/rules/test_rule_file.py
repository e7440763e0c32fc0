"""Anybody's rule file is read, or refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.checks.rules.rule_file import read
from boxwatch.errors import BoxwatchError


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"groups: [", "r.yaml:2: did not find expected node content"),
        (b"\x00\x01", "r.yaml"),
        (b"[]", "r.yaml: no list of groups, so it is not a rule file"),
        (b"groups: 1", "r.yaml: no list of groups"),
        (b"[" * 100_000, "r.yaml: nests deeper than 64 levels"),
        (b"groups: *nowhere", "r.yaml: line 1 refers to *nowhere, which is not there"),
        (b"", "r.yaml: no list of groups"),
    ],
    ids=["not closed", "binary", "a list", "no list", "too deep", "no anchor", "empty"],
)
def test_what_is_no_rule_file_is_refused_with_a_sentence(content: bytes, message: str) -> None:
    """File first, line where there is one."""
    with pytest.raises(BoxwatchError) as caught:
        read("r.yaml", content)

    assert str(caught.value).startswith(message)


def test_lines_are_those_of_the_file() -> None:
    """A finding leads to its rule."""
    file = read("r.yaml", b"# a comment\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n  - record: b:c\n")

    assert [(rule.kind, rule.name, rule.line) for rule in file.rules] == [("alert", "A", 5), ("record", "b:c", 7)]


def test_a_finding_has_the_place_of_what_it_is_about() -> None:
    """Line and column of the key's value; of the rule where no key is named; of the group."""
    file = read("r.yaml", b"groups:\n- name: g\n  rules:\n  - alert: A\n    for: 1m\n    expr: up\n")
    (rule,) = file.rules
    places = [rule.finding("x", "error", "wrong", at=key) for key in ("expr", "for", "", "labels")]

    assert [(found.line, found.column) for found in places] == [(6, 11), (5, 10), (4, 5), (4, 5)]
    group = file.groups[0].finding("x", "error", "wrong")
    assert (group.file, group.where, group.line, group.column) == ("r.yaml", "group g", 2, 3)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Never another exception."""
    try:
        said = read("r.yaml", content).path
    except BoxwatchError as error:
        said = str(error)

    assert said.startswith("r.yaml")


def test_anchors_are_followed() -> None:
    """As Prometheus 3.3 and later do."""
    text = b"groups:\n- name: g\n  rules:\n  - {alert: A, expr: &e up > 0}\n  - {alert: B, expr: *e}\n"

    assert [rule.expr for rule in read("r.yaml", text).rules] == ["up > 0", "up > 0"]
