"""Panels, scales and lines refuse to be built without what they owe their reader."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from support import boards
from support.topologies import complete

from boxwatch.dashboards import layout, render
from boxwatch.dashboards.panels import scale
from boxwatch.dashboards.panels.panel import Graph, Panel, Query, Stat
from boxwatch.dashboards.panels.scale import Scale
from boxwatch.dashboards.panels.tables import Column, Label, Rows, table
from boxwatch.dashboards.variables import SERVERS
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node, node, nodes

WHOLE = Stat(
    title="Memory",
    description="What is used. Healthy: little.",
    unit="bytes",
    scale=scale.none_is_good(),
    queries=(Query("up"),),
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": ""}, "needs a title and a unit"),
        ({"unit": ""}, "needs a title and a unit"),
        ({"description": ""}, "has no description in sentences"),
        ({"description": "memory"}, "has no description in sentences"),
        ({"queries": ()}, "has no queries"),
    ],
)
def test_a_panel_cannot_be_made_without(change: dict[str, Any], message: str) -> None:
    """Forgetting it must fail while the panel is written, not during an incident."""
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(WHOLE, **change)


def test_a_panel_cannot_be_made_without_a_scale() -> None:
    """The scale has no default, so the source of a threshold is always a decision."""
    arguments = {field.name: getattr(WHOLE, field.name) for field in dataclasses.fields(WHOLE) if field.name != "scale"}
    with pytest.raises(TypeError, match="scale"):
        Stat(**arguments)


@pytest.mark.parametrize(
    ("says", "steps", "message"),
    [
        ("Red from 1", ((0, "red"),), "must state the source of its numbers in a sentence"),
        ("Red.", (), "rise"),
        ("Red.", ((1, "green"), (1, "red")), "rise"),
    ],
)
def test_a_scale_cannot_be_made_without(says: str, steps: tuple[tuple[float, str], ...], message: str) -> None:
    """A colour needs a source, and steps the order in which Grafana reads them."""
    with pytest.raises(ValueError, match=message):
        Scale(says, steps)


def test_numbers_of_scales_are_the_topologys() -> None:
    """Each threshold other than zero can be changed in one place."""
    topology = boards.a_topology(
        1,
        3,
        memory_near_budget="80%",
        memory_near_limit="70%",
        memory_exhausted_within="2d",
        restarts=5,
    )
    assert [value for value, _ in scale.budget_share(topology).steps] == [0, 0.8, 1]
    assert "80% (memory_near_budget in the topology)" in scale.budget_share(topology).says
    assert [value for value, _ in scale.limit_share(topology).steps] == [0, 0.7]
    assert [value for value, _ in scale.exhaustion(topology).steps] == [0, 2 * 86400]
    assert [value for value, _ in scale.restarts(topology).steps] == [0, 1, 5]
    # 32 GiB minus 4 reserved and three services of two replicas with 1 GiB.
    assert [value for value, _ in scale.headroom(topology).steps] == [0, 22 * 2**30]


def test_a_server_that_is_planned_full_has_no_headroom_to_fall_below() -> None:
    """Otherwise an empty server would be red."""
    full = boards.a_topology(1, 14)
    assert len(scale.headroom(full).steps) == 1


def test_the_scale_ends_the_description() -> None:
    """Hovering over the (i) shows what healthy looks like, then the meaning of the colours."""
    assert WHOLE.full_description == "What is used. Healthy: little. Red from 1."


def test_every_kind_of_panel_says_how_it_looks() -> None:
    """The base class alone is not a panel."""
    with pytest.raises(NotImplementedError):
        Panel(title="x", description="Good.", unit="s", scale=WHOLE.scale, queries=WHOLE.queries).options()


def test_lines_fill_the_grid() -> None:
    """A hole or an overflow is an arithmetic error."""
    with pytest.raises(ValueError, match="24 columns"):
        layout.line(4, (WHOLE, 12))
    with pytest.raises(ValueError, match="as high as its line"):
        layout.Line(4, (layout.column(24, (WHOLE, 3)),))


def test_places_are_in_reading_order() -> None:
    """Headings take a line of their own; a stack stands next to the rest of its line."""
    placed = layout.place(
        layout.heading("One"),
        layout.Line(6, (layout.column(16, (WHOLE, 6)), layout.column(8, (WHOLE, 2), (WHOLE, 4)))),
        layout.even(3, WHOLE, WHOLE),
    )
    assert [(each.x, each.y, each.w, each.h) for each in placed] == [
        (0, 0, 24, 1), (0, 1, 16, 6), (16, 1, 8, 2), (16, 3, 8, 4), (0, 7, 12, 3), (12, 7, 12, 3),
    ]  # fmt: skip


def built(panel: Panel, topology: Any = None) -> Node:  # noqa: ANN401
    """The JSON of a panel that is alone on its page."""
    page = render.Page(
        id="x",
        title="X",
        description="X?",
        variables=(SERVERS,),
        panels=layout.place(layout.even(4, panel)),
        marked='server=~"$server"',
    )
    return nodes(render.build(page, topology or complete())["panels"])[0]


def test_raw_rates_say_the_scrape_interval() -> None:
    """Grafana would use the data source's interval for `$__rate_interval`, and a rate over one sample is empty."""
    graph = Graph(
        title="x",
        description="Healthy: 0.",
        unit="s",
        scale=WHOLE.scale,
        queries=(Query("rate(x_total[$__rate_interval])"), Query("up")),
        colour="#000000",
    )
    panel = built(graph, boards.a_topology(1, scrape_interval="1m"))
    first, second = nodes(panel["targets"])
    assert (first["interval"], "interval" in second, panel["interval"]) == ("1m", False, "1m")
    assert node(node(panel["fieldConfig"])["defaults"])["color"] == {"mode": "fixed", "fixedColor": "#000000"}


def test_gaps_longer_than_a_lost_scrape_show() -> None:
    """The limit is in milliseconds: three scrapes of 30 seconds."""
    graph = Graph(title="x", description="Healthy: 0.", unit="s", scale=WHOLE.scale, queries=WHOLE.queries)
    assert node(node(node(built(graph)["fieldConfig"])["defaults"])["custom"])["spanNulls"] == 90_000


def test_a_stat_without_data_is_grey_and_says_so() -> None:
    """Green for lack of data would be the worst answer."""
    defaults = node(node(built(WHOLE)["fieldConfig"])["defaults"])
    assert "not recorded" in list(tree.strings(defaults["mappings"]))


def test_a_table_of_one_column_finds_its_value() -> None:
    """Grafana names a single value `Value`, and several `Value #A` and so on."""
    rows = Rows(
        title="T",
        description="Healthy: nothing.",
        labels=(Label(label="server", head="Server"),),
        columns=(Column(head="Up", expr="up", unit="none"),),
        sort_by=("Up",),
    )
    merge, organise = nodes(built(table(rows))["transformations"])
    assert merge["id"] == "merge"
    assert node(organise["options"])["renameByName"] == {"server": "Server", "Value": "Up"}
