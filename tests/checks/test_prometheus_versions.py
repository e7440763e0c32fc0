"""Ranges of versions as users state them."""

from __future__ import annotations

import pytest

from boxwatch.checks.prometheus_versions import NEWEST, Versions, parse


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("2.53", Versions((2, 53), (2, 53))),
        ("2.42..3.5", Versions((2, 42), (3, 5))),
        ("2.42.0..3.5.1", Versions((2, 42), (3, 5))),
        ("3.0..", Versions((3, 0), NEWEST)),
    ],
)
def test_a_range_is_read(text: str, versions: Versions) -> None:
    """One version, two, or all from one on."""
    assert parse(text) == versions


@pytest.mark.parametrize("text", ["3", "latest", "3.5..2.42", "..3.5", "2.42-3.5", ""])
def test_what_is_no_range_is_refused(text: str) -> None:
    """With a hint at the right form."""
    with pytest.raises(ValueError, match="write"):
        parse(text)
