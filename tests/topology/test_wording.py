"""Wording of messages about user input."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from boxwatch.topology.validation.pydantic_errors import issues_of
from boxwatch.topology.wording import counted, did_you_mean, invisible_in, kind_of, listed, shown, visible


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1g", "`1g`"),
        ("", "empty text"),
        (None, "empty"),
        (True, "`true`"),
        (1.5, "`1.5`"),
        ([1], "a list"),
        ({}, "a mapping"),
        ("a" * 60, f"`{'a' * 50}…`"),
        ("a\tb\r\n\x1b[0m\U000e0001", r"`a\tb\r\n\u001b[0m\U000e0001`"),
        ("https://me:secret@example.com", "`https://…@example.com`"),
    ],
)
def test_a_value_is_shown_as_it_was_written(value: object, text: str) -> None:
    """Values are shown on one line, clipped, without hidden characters or secrets."""
    assert shown(value) == text


@given(st.text())
def test_what_is_visible_is_one_line_without_surprises(text: str) -> None:
    """Control characters, which terminals interpret, are escaped."""
    assert visible(text).isprintable()


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "empty"),
        (False, "a boolean"),
        (1, "a number"),
        ("", "text"),
        ((), "a list"),
        (dt.date.max, "a date"),
    ],
)
def test_kinds_have_names_that_people_know(value: object, kind: str) -> None:
    """Kinds of values have YAML names, not Python's."""
    assert kind_of(value) == kind


def test_the_nearest_word_is_meant() -> None:
    """The closest word is suggested, ignoring case and dashes."""
    known = ["replicas", "memory", "page_cache"]
    assert did_you_mean("replcas", known) == "did you mean `replicas`?"
    assert did_you_mean("Page-Cache", known) == "did you mean `page_cache`?"
    assert did_you_mean("colour", known) == ""
    assert did_you_mean("r" * 60, known) == ""
    assert did_you_mean("name1", [f"name{number}" for number in range(3000)]) == ""


def test_an_invisible_character_has_a_name() -> None:
    """Invisible characters are named, because users cannot see them."""
    assert invisible_in("a\u200bb") == "zero width space, U+200B"
    assert invisible_in("a b") == ""


def test_lists_and_counts_read_as_sentences() -> None:
    """Short and long lists, singular and plural read correctly."""
    assert [listed(list(words)) for words in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]
    assert listed(list("abcd"), most=2) == "a, b and 2 more"
    assert (counted(1, "replica"), counted(2, "replica")) == ("1 replica", "2 replicas")


def test_an_error_of_a_kind_that_is_not_known_is_a_sentence() -> None:
    """Error types of a later pydantic still give a sentence."""

    class Model(BaseModel):
        when: dt.date

    with pytest.raises(ValidationError) as caught:
        Model.model_validate({"when": "soon"})
    (issue,) = issues_of(caught.value, {"when": "soon"})
    assert issue.message.startswith("`soon` does not fit: Input should be a valid date")
