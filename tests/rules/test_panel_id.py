"""Panel ids, derived from titles."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from boxwatch.rules.panel_id import panel_id


def test_an_id_never_changes() -> None:
    """Links in year-old messages still open the panel."""
    assert panel_id("Memory of each replica") == 5495
    assert panel_id("") == 1


@given(st.text())
def test_an_id_has_at_most_four_digits(title: str) -> None:
    """An id is never 0, which Grafana treats as missing."""
    assert 1 <= panel_id(title) <= 9999
