"""Sample texts that a regular expression matches."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.topology.validation.samples import MOST_SAMPLES, is_literal, samples


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("web", ["web"]),
        ("web(-[0-9]+)?", ["web", "web-0", "web-9"]),
        ("a|b", ["a", "b"]),
        ("(?:ab|c)d", ["abd", "cd"]),
        ("x*", ["", "x"]),
        ("[a-cx]", ["a", "c", "x"]),
        (r"[\d_]", ["0", "9", "_"]),
        (r"\d\.", ["0.", "9."]),
        ("a{3}", ["aaa"]),
        ("a{2,}", ["aa"]),
        ("a+?b*?", ["a", "ab"]),
        ("^web$", ["web"]),
        (".", ["a", "0", "-"]),
        ("[]a]", ["]", "a"]),
        ("a-z", ["a-z"]),
    ],
)
def test_alternatives_options_and_ends_of_classes_are_tried(pattern: str, texts: list[str]) -> None:
    """Samples have a deterministic order."""
    assert samples(pattern) == texts


@pytest.mark.parametrize(
    "pattern",
    [r"\Qa\E", "[^a]", "[[:alpha:]]", "(?i)web", "(?P<n>a)", "(a", "a)", "[a", "a{x}", "a{300}", "*", "a\\", r"\b",
     "(" * 30 + ")" * 30],
)  # fmt: skip
def test_what_is_not_understood_yields_nothing(pattern: str) -> None:
    """Unsupported syntax yields no samples."""
    assert samples(pattern) == []


def test_there_are_never_more_than_twelve() -> None:
    """The number of samples is bounded, because combinations multiply."""
    assert len(samples("[abc][abc][abc][abc][abc]")) == MOST_SAMPLES


def test_a_text_without_special_characters_is_literal() -> None:
    """A dash is not special outside brackets."""
    assert is_literal("coolify-proxy_2")
    assert not is_literal("web.")


@given(st.from_regex(r"\A(?:[ab-]|\[a-c\]|\(a\|b\)|[ab][?*+]|\\d|\.|\(a\)\?){1,8}\Z"))
def test_what_it_yields_is_matched_by_the_real_engine(pattern: str) -> None:
    """Every sample of supported syntax matches in the real engine."""
    compiled = re2.compile(pattern)
    assert all(compiled.fullmatch(text) for text in samples(pattern))
