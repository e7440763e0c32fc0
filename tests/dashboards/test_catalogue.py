"""Our dashboards, for deployments of every size, checked against Grafana's schemas and our own checks."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from conftest import Golden
from support import boards, grafana_schema
from support.topologies import complete

from boxwatch.checks.dashboards import catalogue as checks
from boxwatch.dashboards import catalogue
from boxwatch.grafana import tree
from boxwatch.grafana.canonical.form import canonical
from boxwatch.grafana.modernise import modernise
from boxwatch.grafana.tree import Node, node, nodes
from boxwatch.rules import alert_text
from boxwatch.rules import catalogue as rules
from boxwatch.rules.panel_id import panel_id
from boxwatch.topology.kinds import KINDS

TOPOLOGIES = {
    "the default": complete(),
    "one server": boards.a_topology(1),
    "three servers": boards.a_topology(3),
    "twenty servers": boards.a_topology(20, 8),
    "a slow scrape": boards.a_topology(1, scrape_interval="60s"),
    "a plan as large as its server": boards.a_topology(1, 14),
    "thresholds at their ends": boards.a_topology(1, memory_near_budget="100%", restarts=1),
    "no databases": boards.without(complete(), *(kind.name for kind in KINDS if kind.holds_data)),
    "no entry point": boards.without(complete(), *(kind.name for kind in KINDS if kind.about_others)),
    "public addresses": complete(),
    "no monitoring": boards.without(complete(), "monitoring"),
}


@functools.cache
def _built(name: str) -> Mapping[str, bytes]:
    return MappingProxyType(catalogue.files(rules.build(TOPOLOGIES[name])))


@pytest.fixture(params=TOPOLOGIES)
def files(request: pytest.FixtureRequest) -> Mapping[str, bytes]:
    """The files for one deployment."""
    return _built(request.param)


@pytest.mark.parametrize("name", [name for name, _ in catalogue.DASHBOARDS])
def test_golden(name: str, golden: Golden) -> None:
    """The golden shows every change of a dashboard in review."""
    golden(f"dashboards/{name}.json", _built("the default")[f"{name}.json"].decode())


def test_the_tuple_names_every_module_that_builds_a_dashboard() -> None:
    """A dashboard missing in the catalogue would never be built."""
    folder = Path(catalogue.__file__).parent
    building = {path.stem for path in folder.glob("*.py") if "\ndef build(built: Built)" in path.read_text()}
    assert building == {name for name, _ in catalogue.DASHBOARDS}


def test_uid_and_file_come_from_the_module(files: Mapping[str, bytes]) -> None:
    """Module, file and uid share one name."""
    names = {name for name, _ in catalogue.DASHBOARDS}
    for file, text in files.items():
        name = file.removesuffix(".json")
        assert name in names
        assert json.loads(text)["uid"].startswith("boxwatch-")
        assert json.loads(text)["uid"].endswith(f"-{name}")


def test_default_dashboards_have_the_short_uids() -> None:
    """People have bookmarked these."""
    assert {name: json.loads(text)["uid"] for name, text in _built("the default").items()} == {
        f"{name}.json": f"boxwatch-{name}" for name, _ in catalogue.DASHBOARDS
    }


def test_two_deployments_share_a_grafana() -> None:
    """Neither deployment overwrites the other's dashboards, and titles tell them apart."""
    ours = boards.ours().values()
    for text in _built("one server").values():
        board = json.loads(text)
        assert board["uid"] not in {each["uid"] for each in ours}
        assert board["title"] not in {each["title"] for each in ours}
        assert board["links"][0]["tags"] == ["boxwatch", "test"]


def test_ids_are_those_of_the_titles(files: Mapping[str, bytes]) -> None:
    """A link to a panel survives another panel added above it; and no two ids are the same."""
    for text in files.values():
        panels = list(tree.panels(json.loads(text)))
        plots = [panel for panel in panels if panel["type"] != "row"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        assert [panel["id"] for panel in plots] == [panel_id(str(panel["title"])) for panel in plots]


def test_every_dashboard_marks_deployments_and_critical_alerts_and_offers_the_others(
    files: Mapping[str, bytes],
) -> None:
    """The first question about every graph is what changed; thirty dashed lines hide the answer."""
    for text in files.values():
        marks = {mark["name"]: mark for mark in tree.marks(json.loads(text))}
        shown = {name: mark["enable"] for name, mark in marks.items() if name != "Annotations & Alerts"}
        assert shown == {"Deployments": True, "Critical alerts": True, "Other alerts": False}
        assert 'severity="critical"' in str(marks["Critical alerts"]["target"])
        assert 'severity=~"warning|info"' in str(marks["Other alerts"]["target"])
        assert marks["Deployments"]["useValueForTime"] is True


def test_a_page_marks_the_critical_alerts_that_it_shows() -> None:
    """On the page about servers, the alerts of all services were marked too."""
    for name in ("host", "monitoring"):
        (mark,) = [each for each in tree.marks(boards.ours()[f"{name}.json"]) if each["name"] == "Critical alerts"]
        expr = str(node(mark["target"])["expr"])
        built = rules.build(boards.default_topology())
        for alert in (alert for subject in built.subjects for alert in subject.alerts if alert.severity == "critical"):
            assert (f"|{alert.alert}|" in expr.replace('"', "|")) is (alert_text.dashboard_of(alert) == name), (
                alert.alert
            )


@pytest.mark.repeats
def test_nothing_is_found_in_ours(files: Mapping[str, bytes]) -> None:
    """No check has a finding, on any deployment."""
    for name, text in files.items():
        assert list(checks.check(name, json.loads(text))) == []


@pytest.mark.third_party
def test_grafanas_schemas_have_nothing_against_ours(files: Mapping[str, bytes]) -> None:
    """The dashboard, the panels' options and their custom fields are valid."""
    for text in files.values():
        assert list(grafana_schema.errors(json.loads(text))) == []


def test_ours_are_as_grafana_would_store_them(files: Mapping[str, bytes]) -> None:
    """Otherwise every publish would show a difference."""
    for text in files.values():
        dashboard = json.loads(text)
        assert canonical(dashboard) == dashboard
        assert modernise(dashboard) == dashboard


def test_every_panel_says_what_healthy_looks_like_and_where_its_limits_come_from(files: Mapping[str, bytes]) -> None:
    """This also holds for panels added later."""
    for text in files.values():
        for panel in tree.plots(json.loads(text)):
            assert owed(panel) == [], f"{tree.name(panel)}: {panel.get('description')}"


def owed(panel: Node) -> list[str]:
    """The missing ones of a panel's duties: title, unit, thresholds, "Healthy: …", and the source of its thresholds."""
    defaults = node(node(panel.get("fieldConfig")).get("defaults"))
    said = tree.text(panel.get("description"))
    has = {
        "title": bool(tree.text(panel.get("title"))),
        "unit": bool(defaults.get("unit")),
        "thresholds": bool(nodes(node(defaults.get("thresholds")).get("steps"))),
        "what healthy looks like": "Healthy: " in said,
        "where its thresholds come from": any(word in said for word in SOURCES),
    }
    return [name for name, there in has.items() if not there]


# A number in the topology, a recorded or documented one, an alert's threshold, none at all, or plain zero.
SOURCES = (
    "topology",
    "recorded",
    "documentation",
    "the alert",
    "dashed line",
    "from 1.",
    "nothing is coloured",
    "Red is",
)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"title": ""}, ["title"]),
        ({"description": None}, ["what healthy looks like", "where its thresholds come from"]),
        ({"description": "Memory. Healthy: little."}, ["where its thresholds come from"]),
        ({"description": "Memory. The numbers are the topology's."}, ["what healthy looks like"]),
        ({"fieldConfig": {"defaults": {"thresholds": {"steps": [{"color": "red", "value": 0}]}}}}, ["unit"]),
        ({"fieldConfig": {"defaults": {"unit": "s"}}}, ["thresholds"]),
        ({"fieldConfig": {"defaults": {"unit": "s", "thresholds": {"steps": []}}}}, ["thresholds"]),
    ],
)
def test_a_panel_that_leaves_its_reader_alone_would_be_found(change: Node, missing: list[str]) -> None:
    """The test above must fail for such a panel, however it got into one of our dashboards."""
    for board in boards.ours().values():
        for panel in tree.plots(board):
            assert owed({**panel, **change}) == missing


def test_panels_do_not_leave_holes_in_a_line(files: Mapping[str, bytes]) -> None:
    """Grafana would move the panels below into the holes."""
    for text in files.values():
        board = json.loads(text)
        closed = [nodes(panel.get("panels")) for panel in nodes(board["panels"]) if panel.get("collapsed")]
        for panels in (nodes(board["panels"]), *closed):
            widths: dict[int, int] = {}
            for panel in panels:
                place = panel["gridPos"]
                assert isinstance(place, dict)
                for y in range(place["y"], place["y"] + place["h"]):
                    widths[y] = widths.get(y, 0) + place["w"]
            assert set(widths.values()) == {24}


def test_closed_sections_stand_below_the_open_ones(files: Mapping[str, bytes]) -> None:
    """A page is read from top to bottom; what is closed is for the second look."""
    for text in files.values():
        rows = [bool(panel["collapsed"]) for panel in nodes(json.loads(text)["panels"]) if panel["type"] == "row"]
        assert rows == sorted(rows)


def test_same_topology_same_bytes() -> None:
    """Nothing but the topology decides the result."""
    assert catalogue.files(rules.build(complete())) == _built("the default")


def test_size_does_not_grow_with_the_deployment() -> None:
    """Twenty servers and a thousand services yield the same panels."""
    small, large = (
        catalogue.files(rules.build(boards.a_topology(5, 10))),
        catalogue.files(rules.build(boards.a_topology(20, 1000))),
    )
    for name, text in small.items():
        # Colours are given out by position to the first servers and services, and by name to the others.
        assert abs(len(large[name]) - len(text)) < 3500, name
        assert len(large[name]) < 100_000, name


def test_a_dashboard_has_at_most_80_kilobytes_and_25_open_panels() -> None:
    """The size is that of the file on disk; each open panel asks Prometheus again at every refresh."""
    for name, text in _built("the default").items():
        opened = [panel for panel in nodes(json.loads(text)["panels"]) if panel["type"] != "row"]
        assert len(opened) <= 25, f"{name} has {len(opened)} open panels"
        assert len(text) <= 80_000, f"{name} has {len(text)} bytes"
