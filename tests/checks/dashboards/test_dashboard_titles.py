"""dashboard_titles finds what does not say what it is."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_titles


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        ({"title": " "}, "panel 1", "the panel has no title"),
        ({"description": None}, 'panel "A panel"', "the panel has no description"),
    ],
)
def test_a_panel_that_says_nothing(change: dict[str, object], where: str, message: str) -> None:
    """No title, or no description."""
    found = boards.found(dashboard_titles.check, boards.a_dashboard(boards.a_panel(**change)))
    assert [text for _, text in found] == [message]
    assert where in ("panel 1", found[0][0])


def test_a_dashboard_without_title() -> None:
    """Nobody would find it."""
    board = {**boards.a_dashboard(), "title": ""}
    assert boards.found(dashboard_titles.check, board) == [("", "the dashboard has no title")]


def test_texts_and_rows_need_no_description() -> None:
    """They are description."""
    board = boards.a_dashboard({"id": 1, "type": "row", "title": "x"}, {"id": 2, "type": "text"})
    assert boards.found(dashboard_titles.check, board) == []
