"""The canonical form is Grafana's stored form: its own saved dashboards are the oracle."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import third_party
from support.stored_form import lifted, load, one_panel

from boxwatch.grafana.canonical.form import canonical
from boxwatch.grafana.canonical.sources import Source
from boxwatch.grafana.tree import node, nodes

# The default data source of the Grafana that saved the dashboards.
TEST_DATA = Source("gdev-testdata", "testdata-type-uid", "grafana-testdata-datasource", default=True, api_version="v1")


def saved(kind: str) -> list[Path]:
    """Dashboards as given to Grafana (input) or stored by it (output)."""
    folder = third_party.folder("grafana") / "saved" / kind
    pages = sorted(folder.rglob("*.json"))
    assert len(pages) >= 56
    return pages


@pytest.mark.third_party
def test_what_grafana_stored_stays_as_it_is() -> None:
    """A stored dashboard is already canonical; otherwise comparisons would report false differences."""
    changed = [page.name for page in saved("output") if canonical(load(page)) != load(page)]
    assert changed == []


@pytest.mark.third_party
def test_what_grafana_was_given_becomes_what_it_stored() -> None:
    """All migrations together reproduce Grafana's output, on dashboards from Grafana 6 to 12."""
    different = []
    for page in saved("input"):
        stored = Path(str(page).replace("/input/", "/output/")).with_suffix(".v42.json")
        if canonical(load(page), (TEST_DATA,)) != load(stored):
            different.append(page.name)
    assert different == []


def test_an_empty_dashboard_gets_what_grafana_assumes() -> None:
    """An empty dashboard is stored with Grafana's defaults."""
    made = canonical({})
    assert made["title"] == "No Title"
    assert made["schemaVersion"] == 42
    assert made["panels"] == []
    assert nodes(node(made["annotations"])["list"])[0]["builtIn"] == 1


def test_a_version_of_the_future_is_left_alone() -> None:
    """An unknown schema version keeps its number, because its meaning is unknown."""
    assert canonical({"schemaVersion": 43})["schemaVersion"] == 43


def test_ids_that_are_shared_or_missing_are_given_anew() -> None:
    """The first panel with an id keeps it, because links may refer to it."""
    made = lifted(42, panels=[{"id": 7, "type": "a"}, {"id": 7, "type": "b"}, {"type": "c", "panels": [{"type": "d"}]}])
    assert [panel["id"] for panel in nodes(made["panels"])] == [7, 8, 9]
    assert nodes(nodes(made["panels"])[2]["panels"])[0]["id"] == 10


def test_queries_without_refid_get_the_next_letters() -> None:
    """Existing refIds are kept, and only free letters are assigned."""
    panel = one_panel(42, targets=[{"expr": "a"}, {"refId": "A", "expr": "b"}, {"expr": "c"}])
    assert [target["refId"] for target in nodes(panel["targets"])] == ["B", "A", "C"]


def test_panels_stand_in_reading_order() -> None:
    """Panels are sorted, so that moving one does not rewrite the file."""
    places = [{"x": 12, "y": 0}, {"x": 0, "y": 8}, {"x": 0, "y": 0}]
    made = lifted(42, panels=[{"id": n, "type": "a", "gridPos": place} for n, place in enumerate(places, start=1)])
    assert [panel["id"] for panel in nodes(made["panels"])] == [3, 1, 2]


def test_clones_of_repeated_panels_are_not_stored() -> None:
    """Clones are dropped, because Grafana creates them again when the dashboard opens."""
    made = lifted(42, panels=[{"id": 1, "type": "a"}, {"id": 2, "type": "a", "repeatPanelId": 1}])
    assert [panel["id"] for panel in nodes(made["panels"])] == [1]


def test_a_library_panel_keeps_its_place_and_its_reference() -> None:
    """Everything else of a library panel is stored in the library."""
    reference = {"uid": "x", "name": "y"}
    panel = one_panel(42, libraryPanel=reference, options={"a": 1}, title="T", gridPos={"x": 0, "y": 1, "w": 3, "h": 3})
    assert panel == {"id": 1, "title": "T", "gridPos": {"x": 0, "y": 1, "w": 3, "h": 3}, "libraryPanel": reference}


def test_nulls_disappear_at_any_depth() -> None:
    """Null values are dropped, as Grafana's JavaScript does."""
    panel = one_panel(42, fieldConfig={"defaults": {"thresholds": {"steps": [{"color": "green", "value": None}]}}})
    assert node(node(panel["fieldConfig"])["defaults"])["thresholds"] == {"steps": [{"color": "green"}]}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("graph", "timeseries"),
        ("singlestat", "stat"),
        ("grafana-piechart-panel", "piechart"),
        ("natel-discrete-panel", "state-timeline"),
    ],
)
def test_types_that_died_name_their_successor(old: str, new: str) -> None:
    """A removed panel type is marked, so that Grafana's front end converts the rest."""
    panel = one_panel(42, type=old)
    assert (panel["type"], panel["autoMigrateFrom"]) == (new, old)


def test_a_graph_of_series_or_a_histogram_becomes_something_else() -> None:
    """The old graph panel has four successors, depending on its mode."""
    assert one_panel(42, type="graph", xaxis={"mode": "histogram"})["type"] == "histogram"
    assert one_panel(42, type="graph", xaxis={"mode": "series"})["type"] == "barchart"
    assert one_panel(42, type="graph", xaxis={"mode": "series"}, legend={"values": True})["type"] == "bargauge"


def test_more_queries_than_letters() -> None:
    """After Z, refIds have two letters."""
    panel = one_panel(42, targets=[{"expr": str(number)} for number in range(28)])
    assert [target["refId"] for target in nodes(panel["targets"])][-3:] == ["Z", "AA", "AB"]
