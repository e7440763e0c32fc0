"""A dashboard is found in any envelope, and any other file is rejected by name."""

from __future__ import annotations

import json

import pytest
from support import boards

from boxwatch.errors import BoxwatchError
from boxwatch.grafana import document

BOARD = boards.a_dashboard(boards.a_panel())


@pytest.mark.parametrize(
    ("whole", "path"),
    [
        (BOARD, ()),
        ({"title": "Grafana 4", "rows": []}, ()),
        ({"dashboard": BOARD, "meta": {"folderUid": "x"}}, ("dashboard",)),
        ({"apiVersion": "dashboard.grafana.app/v1beta1", "kind": "Dashboard", "spec": BOARD}, ("spec",)),
    ],
)
def test_the_dashboard_in_a_file(whole: dict[str, object], path: tuple[str, ...]) -> None:
    """A dashboard is found in an export, an API response and a resource."""
    found = document.read("a.json", json.dumps(whole).encode())
    assert (found.path, found.whole) == (path, whole)
    inner: object = whole
    for key in path:
        assert isinstance(inner, dict)
        inner = inner[key]
    assert found.dashboard == inner


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "a.json: is not JSON: Expecting property name"),
        (b"\xff{}", "a.json: is not JSON: "),
        (b"[]", "a.json: is JSON, but not a dashboard: a dashboard is an object"),
        (b'{"a": 1}', "a.json: is JSON, but not a dashboard: it has neither `panels` nor `rows`"),
        (b'{"elements": {}, "layout": {}}', "a.json: is a schema v2 dashboard: export it as a classic dashboard"),
    ],
)
def test_what_is_no_dashboard(content: bytes, message: str) -> None:
    """The error names the file first, then says what to do."""
    with pytest.raises(BoxwatchError) as caught:
        document.read("a.json", content)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN"])
def test_numbers_that_json_has_not_are_refused(number: str) -> None:
    """Python reads and writes them; Grafana does not."""
    with pytest.raises(BoxwatchError, match=r"d\.json: is not JSON: -?\w+ is no number there"):
        document.read("d.json", f'{{"panels": [], "version": {number}}}'.encode())


def test_what_nests_too_deeply_is_refused() -> None:
    """Before anything walks it."""
    rows = '{"type": "row", "panels": [' * 300 + "]}" * 300
    with pytest.raises(BoxwatchError, match="nests deeper than 100 levels"):
        document.read("d.json", f'{{"panels": [{rows}]}}'.encode())
