"""Rule files are merged into one, whose mark identifies it."""

from __future__ import annotations

import pytest
import yaml
from support import rule_sets

from boxwatch.errors import PublishError
from boxwatch.publish import rule_set


def test_the_same_rules_are_the_same_bytes() -> None:
    """Equal rules have equal marks; different rules have different ones."""
    one, same, other = (rule_set.merge(rule_sets.files(name)) for name in "AAB")

    assert one.content == same.content
    assert one.mark == same.mark != other.mark


def test_the_mark_is_a_rule_that_prometheus_shows() -> None:
    """It is the first group of the file."""
    made = rule_set.merge(rule_sets.files("A"))
    group = yaml.safe_load(made.content)["groups"][0]

    assert group == {
        "name": "boxwatch",
        "rules": [{"record": "boxwatch:rules:info", "expr": "vector(1)", "labels": {"digest": made.mark}}],
    }


def test_a_set_is_read_as_it_was_written() -> None:
    """The file's content suffices."""
    made = rule_set.merge(rule_sets.files("A"))

    assert rule_set.read("x", made.content) == made


@pytest.mark.parametrize("content", [b"groups: [{name: a, rules: [{record: b, expr: c}]}]", b"groups: [{name: a}]"])
def test_a_set_of_somebody_else_has_no_mark(content: bytes) -> None:
    """It can still be compared."""
    assert rule_set.read("x", content).mark == ""


def test_groups_of_the_same_name_are_refused() -> None:
    """One file cannot hold both, and one name is reserved."""
    twice = dict.fromkeys("xy", b'{"groups": [{"name": "a", "rules": []}]}')

    with pytest.raises(PublishError, match="groups with the same name: a; nothing was published: rename one"):
        rule_set.merge(twice)
    with pytest.raises(PublishError, match="groups with the same name: boxwatch"):
        rule_set.merge({"x": b'{"groups": [{"name": "boxwatch", "rules": []}]}'})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "x.yaml is not YAML: "),
        (b"\xff", "is not YAML"),
        (b"[]", "is not a rule file"),
        (b"groups: 1", "is not a rule file"),
        (b"groups: [1]", "is not a rule file"),
        (b"groups: [{rules: []}]", "is not a rule file"),
        (b"groups: [{name: a, rules: [1]}]", "is not a rule file"),
        (b"groups: [{name: a, rules: 1}]", "is not a rule file"),
    ],
)
def test_a_file_that_is_not_a_rule_file_is_refused(content: bytes, said: str) -> None:
    """The error names the file."""
    with pytest.raises(PublishError, match=said):
        rule_set.merge({"x.yaml": content})
