"""A dashboard file is readable JSON, equal to the dashboard."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import boards

from boxwatch.grafana import json_text
from boxwatch.grafana.tree import Node

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(st.dictionaries(st.text(), _JSON))
def test_what_is_written_is_what_was_meant(dashboard: Node) -> None:
    """The text parses back to the dashboard, and sorted keys make its bytes deterministic."""
    written = json_text.write(dashboard)
    assert json.loads(written) == dashboard
    assert json_text.write(json.loads(written)) == written
    assert written.endswith(b"\n")


@pytest.mark.parametrize("name", ["overview.json", "service.json"])
def test_what_fits_a_line_stands_on_one(name: str) -> None:
    """Only long strings make long lines, and the file is about as long as JSON without line breaks."""
    board = boards.ours()[name]
    written = json_text.write(board).decode()
    for line in written.splitlines():
        assert len(line) <= 240 or '": "' in line
    assert len(written) < 1.5 * len(json.dumps(board))


def test_half_a_surrogate_pair_is_written_as_it_came() -> None:
    """JSON can escape it, UTF-8 has no bytes for it."""
    assert json.loads(json_text.write({"title": "\ud800"})) == {"title": "\ud800"}
