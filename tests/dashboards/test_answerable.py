"""Dashboards of a deployment without some parts have no empty panels, and no holes."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from support import rotation
from support.topologies import a_service, a_topology, complete

from boxwatch.dashboards import answerable, catalogue
from boxwatch.dashboards.layout import COLUMNS, Line, column, even, heading, line
from boxwatch.dashboards.panels import field_config, scale
from boxwatch.dashboards.panels.panel import Graph, Query
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.grafana import expressions
from boxwatch.rules import catalogue as rules
from boxwatch.rules.built import Built
from boxwatch.topology.model import Topology

_PARTS = ("prometheus", "alertmanager", "blackbox", "node", "cadvisor")
_COMBINATIONS = {" ".join(parts): parts for count in range(1, 6) for parts in itertools.combinations(_PARTS, count)}
_NODE, _CADVISOR = 'up{job="node"}', 'up{job="cadvisor"}'


def _without(*parts: str) -> Topology:
    topology = complete()
    (server,) = topology.servers
    gone = {part: None for part in parts if part in ("node", "cadvisor")}
    exporters = server.targets.model_copy(update={**gone, "docker": None})
    stack = topology.stack.model_copy(update={part: None for part in parts if part not in ("node", "cadvisor")})
    return topology.model_copy(
        update={"servers": (server.model_copy(update={"exporters": exporters}),), "stack": stack}
    )


def _built(*parts: str) -> Built:
    return rules.build(_without(*parts))


@pytest.mark.parametrize("parts", rotation.sampled(_COMBINATIONS, 4, "dashboards without parts"))
def test_every_query_of_every_panel_can_be_answered(parts: tuple[str, ...]) -> None:
    """And lines of panels fill the whole width."""
    built = _built(*parts)
    for name, content in catalogue.files(built).items():
        page: dict[str, Any] = json.loads(content)
        unanswered = [
            (name, where, query) for where, query in expressions.expressions(page) if not built.can_answer(query)
        ]
        assert unanswered == []
        rows: dict[int, int] = {}
        for panel in page["panels"]:
            place = panel["gridPos"]
            for y in range(place["y"], place["y"] + place["h"]):
                rows[y] = rows.get(y, 0) + place["w"]
        assert set(rows.values()) == {COLUMNS}, name
        last = page["panels"][-1]
        assert last["type"] != "row" or last["panels"], name


def test_pages_about_what_does_not_exist_are_not_built() -> None:
    """Of services without containers, servers without metrics, and probes without a prober."""
    names = set(catalogue.files(_built(*_PARTS)))

    assert names & {"service.json", "host.json", "probes.json"} == set()
    assert {"overview.json", "postgres.json", "monitoring.json"} <= names


def test_services_without_containers_have_no_page() -> None:
    """Where no service has any, though cAdvisor runs."""
    built = rules.build(a_topology(services=(a_service("db", kind="postgres", containers="none"),)))

    assert "service.json" not in catalogue.files(built)
    assert "postgres.json" in catalogue.files(built)


def _graph(title: str, *queries: str, letters: str = "") -> Graph:
    return Graph(
        title=title, description="Something. Healthy: any.", unit="none", scale=scale.none_is_good(),
        queries=tuple(Query(one) for one in queries),
        overrides=tuple(field_config.query(letter, ("unit", letter)) for letter in letters),
    )  # fmt: skip


def test_overrides_follow_their_queries() -> None:
    """Letters are those of what is left."""
    ((left,),) = (
        [cell.stack[0][0] for cell in one.cells]
        for one in answerable.lines(_built("node"), even(4, _graph("A", _NODE, _CADVISOR, "up", letters="ABC")))
    )

    assert isinstance(left, Graph)
    assert [query.expr for query in left.queries] == [_CADVISOR, "up"]
    assert [(one.options, one.properties) for one in left.overrides] == [
        ("A", (("unit", "B"),)),
        ("B", (("unit", "C"),)),
    ]


def test_lines_of_the_plan_alone_are_no_data() -> None:
    """A panel that lost what it measures goes, and its heading with it; its neighbours take the room."""
    built = _built("node")
    plan = "server:memory_bytes:plan"

    found = answerable.lines(
        built,
        heading("Gone"),
        even(4, _graph("A", _NODE, plan)),
        heading("Stays"),
        line(8, (_graph("B", _NODE), 5), (_graph("C", _CADVISOR), 7), (_graph("D", plan), 12)),
        even(4, _graph("E", "up")),
    )

    assert [one.title for one in found] == ["Stays", "", ""]
    assert [(cell.stack[0][0].title, cell.width) for cell in found[1].cells] == [("C", 8), ("D", 16)]


def test_a_stack_of_panels_keeps_its_height() -> None:
    """The last panel takes the room of those above it."""
    stacked = Line(9, (column(24, (_graph("A", _CADVISOR), 4), (_graph("B", _NODE), 5)),))

    (left,) = answerable.lines(_built("node"), stacked)

    assert [(panel.title, height) for panel, height in left.cells[0].stack] == [("A", 9)]


def test_tables_lose_columns_and_sort_by_those_that_are_left() -> None:
    """Their transformations name what is left."""
    rows = Rows(
        title="T", description="Rows. Healthy: any.", labels=(Label(label="server", head="Server"),),
        columns=(Column(head="Load", expr=_NODE, unit="none"), Column(head="Up", expr=_CADVISOR, unit="none")),
        sort_by=("Load",),
    )  # fmt: skip

    (left,) = answerable.lines(_built("node"), even(4, table(rows)))
    panel = left.cells[0].stack[0][0]

    assert isinstance(panel, Table)
    assert panel.sort_by == ("Up",)
    assert panel.transformations[1][1]["renameByName"] == {"server": "Server", "Value": "Up"}
