"""Slugs: spelled as in container labels, so that series can be joined."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.exporters.coolify.slug import slug


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Shop API", "shop-api"),
        ("web-1", "web-1"),
        ("  two   words  ", "two-words"),
        ("under_score__twice", "under-score-twice"),
        ("org/repo:main", "orgrepomain"),
        ("me@work", "me-at-work"),
        ("Café Größe", "cafe-grosse"),
        ("smørrebrød", "smorrebrod"),
        ("v1.2", "v12"),
        ("--x--", "x"),
    ],
)
def test_names_as_laravel_spells_them(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_a_name_without_latin_letters_is_replaced() -> None:
    assert slug("商店", "w0kk") == "w0kk"


@given(st.text())
def test_any_name_is_plain_and_a_slug_of_a_slug_is_itself(name: str) -> None:
    once = slug(name, "x")

    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", once)
    assert slug(once) == once
