"""Each kind of panel, checked against Grafana's schemas and our own checks."""

from __future__ import annotations

from typing import Any

import pytest
from support import grafana_schema
from support.topologies import complete

from boxwatch.checks.dashboards import catalogue as checks
from boxwatch.dashboards import layout, links, render
from boxwatch.dashboards.panels import field_config, scale
from boxwatch.dashboards.panels.alert_list import AlertList
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.gauges import Bars, Gauge
from boxwatch.dashboards.panels.heatmap import Heatmap
from boxwatch.dashboards.panels.panel import Graph, Panel, Query, Stat
from boxwatch.dashboards.panels.tables import Column, Label, Rows, table
from boxwatch.dashboards.panels.timelines import History, States
from boxwatch.dashboards.variables import SERVERS, services_of
from boxwatch.grafana import tree
from boxwatch.grafana.canonical.form import canonical
from boxwatch.grafana.modernise import modernise
from boxwatch.grafana.tree import Node, node, nodes
from boxwatch.rules import names

_ON = '{server=~"$server"}'
_UP = Query(f"max by (server) (server:memory_total_bytes:max{_ON})", "{{server}}")
_BASE: dict[str, Any] = {
    "description": "Something. Healthy: 1.",
    "unit": "none",
    "scale": scale.none_is_good(),
    "queries": (_UP,),
}
_BUCKETS = 'prometheus_http_request_duration_seconds_bucket{job="prometheus", server=~"$server"}'
_WORDS = tuple(field_config.states(State(0, "down", "#D55E00"), State(1, "up", "#009E73")))

KINDS: dict[str, Panel | AlertList] = {
    "stat": Stat(title="Stat", **_BASE),
    "gauge": Gauge(title="Gauge", full=1, **_BASE),
    "bargauge": Bars(title="Bars", full=1, **_BASE),
    "timeseries": Graph(title="Graph", **_BASE),
    "state-timeline": States(title="States", mappings=_WORDS, **_BASE),
    "status-history": History(title="History", mappings=_WORDS, **_BASE),
    "table": table(
        Rows(
            title="Table",
            description="Something. Healthy: nothing.",
            labels=(Label(label="server", head="Server"),),
            columns=(Column(head="Up", expr=_UP.expr, unit="none"),),
            sort_by=("Up",),
        )
    ),
    "heatmap": Heatmap(
        title="Heatmap",
        description="Something. Healthy: low.",
        unit="s",
        scale=scale.none_known("Dark is much; no amount is bad by itself, so nothing is coloured."),
        queries=(Query(f"sum by (le) (rate({_BUCKETS}[$__rate_interval]))", "{{le}}"),),
    ),
    "alertlist": AlertList(title="Alerts", description="Alerts. Healthy: none.", matchers='server=~"$server"'),
}


def _board(*panels: Panel | AlertList) -> Node:
    lines = [layout.even(8, panel) for panel in panels]
    page = render.Page(
        id="kinds",
        title="Kinds",
        description="Which kinds of panels are there?",
        variables=(SERVERS,),
        panels=layout.place(layout.heading("All"), *lines),
        marked='server=~"$server"',
    )
    return render.build(page, complete())


def _panel(kind: str) -> Node:
    return nodes(_board(KINDS[kind])["panels"])[1]


@pytest.mark.third_party
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_as_grafana_would_store_it(kind: str) -> None:
    """A panel has its type, passes Grafana's schemas, and is not changed by modernising."""
    board = _board(KINDS[kind])
    assert nodes(board["panels"])[1]["type"] == kind
    assert list(grafana_schema.errors(board)) == []
    assert list(checks.check("kinds.json", board)) == []
    assert canonical(board) == modernise(board) == board


def test_one_page_takes_all_kinds() -> None:
    """A heading may have the same title as a panel."""
    assert len(list(tree.panels(_board(*KINDS.values())))) == len(KINDS) + 1


def test_two_panels_of_one_title_are_refused() -> None:
    """A link to one would open the other."""
    with pytest.raises(ValueError, match="kinds: panels 'Stat' and 'Stat' have the same id: rename one"):
        _board(KINDS["stat"], KINDS["stat"])


def test_gauges_end_at_their_whole() -> None:
    """By default Grafana scales each bar to its own value."""
    for kind in ("gauge", "bargauge"):
        defaults = node(node(_panel(kind)["fieldConfig"])["defaults"])
        assert (defaults["min"], defaults["max"]) == (0, 1)


def test_a_gauge_without_data_is_grey_and_says_so() -> None:
    """Missing is not zero."""
    assert "not recorded" in list(tree.strings(node(node(_panel("gauge")["fieldConfig"])["defaults"])["mappings"]))


def test_a_heatmap_asks_for_buckets() -> None:
    """Without the format Grafana draws a line per bucket; the unit belongs to the axis."""
    panel = _panel("heatmap")
    assert nodes(panel["targets"])[0]["format"] == "heatmap"
    assert node(node(panel["options"])["yAxis"])["unit"] == "s"


def test_an_alert_list_shows_the_chosen_servers() -> None:
    """Otherwise it lists every alert in Grafana."""
    assert node(_panel("alertlist")["options"])["alertInstanceLabelFilter"] == '{server=~"$server"}'


@pytest.mark.parametrize("change", [{"title": ""}, {"description": "alerts"}])
def test_an_alert_list_needs_a_title_and_a_description(change: dict[str, str]) -> None:
    """An alert list owes its reader the same as any panel."""
    with pytest.raises(ValueError, match="needs a title and a description in sentences"):
        AlertList(**{"title": "Alerts", "description": "Healthy: none.", **change})


@pytest.mark.third_party
def test_links_keep_time_data_source_and_variables() -> None:
    """Links lead from a series to its service, and from there to the server."""
    topology = complete()
    to_service = links.to_service(topology, links.of_series(names.SERVICE))
    assert to_service.to_json() == {
        "title": "Open this service",
        "url": (
            "/d/boxwatch-service?${datasource:queryparam}&${__url_time_range}"
            "&${server:queryparam}&var-service=${__field.labels.service}"
        ),
    }
    to_host = links.to_dashboard(topology, "host", "Open this server", server=links.of_column("Server"))
    assert str(to_host.to_json()["url"]).endswith("&var-server=${__data.fields.Server}")
    graph = Graph(title="Linked", links=(to_service,), **_BASE)
    defaults = node(node(nodes(_board(graph)["panels"])[1]["fieldConfig"])["defaults"])
    assert [link["title"] for link in nodes(defaults["links"])] == ["Open this service"]
    assert list(grafana_schema.errors(_board(graph))) == []


def test_services_of_a_kind_can_be_chosen() -> None:
    """The dashboard compares several services of one kind."""
    variable = services_of("postgres", "PostgreSQL")
    assert (variable.name, variable.label, variable.multi) == ("postgres", "PostgreSQL", True)
    assert variable.query == 'label_values(service:info:plan{server=~"$server", kind="postgres"}, service)'
