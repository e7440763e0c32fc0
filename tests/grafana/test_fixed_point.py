"""Modernising is idempotent, for our own panels and for arbitrary input."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import grafana_schema, rotation
from support.topologies import complete

from boxwatch.checks.dashboards import catalogue as checks
from boxwatch.dashboards import layout, render
from boxwatch.dashboards.panels import field_config, scale
from boxwatch.dashboards.panels.gauges import Bars, Gauge
from boxwatch.dashboards.panels.panel import Graph, Panel, Query, Stat
from boxwatch.dashboards.panels.timelines import History, States
from boxwatch.dashboards.variables import SERVERS
from boxwatch.grafana.canonical.form import canonical
from boxwatch.grafana.modernise import modernise
from boxwatch.grafana.schema_v2 import resource
from boxwatch.grafana.tree import Node

WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="$[]{}"), min_size=1, max_size=20)
QUERIES = st.lists(
    st.sampled_from(
        [
            Query('service:memory_used_bytes:sum{server=~"$server"}', "{{service}}"),
            Query('sum(service:memory_budget_bytes:sum{server=~"$server"})', "budget"),
            Query('sum by (server) (rate(node_cpu_seconds_total{job="node", server=~"$server"}[$__rate_interval]))'),
        ]
    ),
    min_size=1,
    max_size=4,
).map(tuple)
STEPS = st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=1, max_size=4, unique=True).map(
    lambda values: tuple((value, "#009E73") for value in sorted(values))
)
SCALES = st.builds(scale.Scale, says=st.just("Red from what the topology says."), steps=STEPS)
OVERRIDES = st.lists(
    st.sampled_from(
        [field_config.plan_line("A"), field_config.limit_line("B"), field_config.field("x", ("unit", "s"))]
    ),
    max_size=3,
).map(tuple)
STATES = st.lists(st.integers(-5, 5), max_size=4, unique=True).map(
    lambda values: tuple(field_config.states(*(field_config.State(value, "word", "#009E73") for value in values)))
)


@st.composite
def house_panels(draw: st.DrawFn) -> Panel:
    """Any panel that our builders can make."""
    common: dict[str, Any] = {
        "title": draw(WORDS),
        "description": f"{draw(st.sampled_from(['Much', 'Little']))}. Healthy: {draw(st.integers())}.",
        "unit": draw(st.sampled_from(["bytes", "s", "none", "percentunit"])),
        "scale": draw(SCALES),
        "queries": draw(QUERIES),
        "overrides": draw(OVERRIDES),
        "mappings": draw(STATES),
    }
    fixed = {key: st.just(value) for key, value in common.items()}
    flag = st.booleans()
    kinds: list[st.SearchStrategy[Panel]] = [
        st.builds(Stat, **fixed),
        st.builds(Gauge, full=st.floats(1, 1e9), **fixed),
        st.builds(Bars, full=st.floats(1, 1e9), **fixed),
        st.builds(Graph, fill=st.integers(0, 100), stacked=flag, steps=flag, table=flag, **fixed),
        st.builds(States, **fixed),
        st.builds(History, **fixed),
    ]
    return draw(st.one_of(kinds))


@pytest.mark.third_party
@rotation.examples(40)
@given(st.lists(house_panels(), min_size=1, max_size=4, unique_by=lambda panel: panel.title))
def test_whatever_the_house_can_build_is_as_grafana_stores_it(panels: list[Panel]) -> None:
    """Our panels need no repair, fit both schemas, and have no findings on their form."""
    page = render.Page(
        id="generated",
        title="Generated",
        description="Is it?",
        variables=(SERVERS,),
        panels=layout.place(*(layout.even(8, panel) for panel in panels)),
        marked='server=~"$server"',
    )
    try:
        board = render.build(page, complete())
    except ValueError as error:
        assert "have one id" in str(error)  # noqa: PT017 - two titles of 9999 ids, which building refuses
        return
    assert canonical(board) == modernise(board) == board
    assert list(grafana_schema.errors(board)) == []
    assert list(grafana_schema.errors_v2(resource.spec(board))) == []
    found = {finding.check for finding in checks.check("generated.json", board)}
    assert found <= {"dashboard_legends", "dashboard_titles"}


_PLAIN = st.none() | st.booleans() | st.integers(-3, 50) | st.text(max_size=5) | st.floats(-9, 9, allow_nan=False)
_JSON = st.recursive(
    _PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_TYPES = st.sampled_from([
    "graph", "singlestat", "stat", "gauge", "bargauge", "table", "table-old", "heatmap", "timeseries", "text", "row",
    "state-timeline", "status-history", "piechart", "natel-discrete-panel", "anything",
])  # fmt: skip


def mapping(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object with some of these keys; each may hold any value instead."""
    return st.fixed_dictionaries({}, optional={key: value | _JSON for key, value in known.items()})


_STEPS = mapping(mode=st.just("absolute"), steps=st.lists(mapping(color=st.text(max_size=5), value=_PLAIN), max_size=3))
_DEFAULTS = mapping(
    unit=st.text(max_size=5), min=_PLAIN, max=_PLAIN, decimals=_PLAIN, thresholds=_STEPS, custom=_JSON, mappings=_JSON,
    links=_JSON, color=mapping(mode=st.just("thresholds")), noValue=_PLAIN, nullValueMode=_PLAIN,
)  # fmt: skip
_OVERRIDE = mapping(
    matcher=mapping(id=st.just("byName"), options=_JSON),
    properties=st.lists(mapping(id=st.sampled_from(["thresholds", "mappings", "custom.displayMode"]), value=_JSON)),
)
_TARGET = mapping(
    refId=st.sampled_from(["A", "B", ""]), expr=st.text(max_size=5), datasource=_JSON, instant=_PLAIN, range=_PLAIN,
    editorMode=st.just("code"), exemplar=_PLAIN, format=_PLAIN, intervalFactor=_PLAIN,
)  # fmt: skip
_PANEL = mapping(
    type=_TYPES, id=st.integers(-1, 3), title=st.text(max_size=5), targets=st.lists(_TARGET, max_size=3),
    datasource=_JSON, options=_JSON, repeat=_PLAIN, links=_JSON, transformations=_JSON, yaxes=_JSON, xaxis=_JSON,
    gridPos=mapping(x=_PLAIN, y=_PLAIN, w=_PLAIN, h=_PLAIN), legend=_JSON, thresholds=_JSON, valueMaps=_JSON,
    fieldConfig=mapping(defaults=_DEFAULTS, overrides=st.lists(_OVERRIDE, max_size=2)), gauge=_JSON, colors=_JSON,
    panels=_JSON, tooltip=_JSON, content=_PLAIN, mode=_PLAIN, pluginVersion=_PLAIN, maxDataPoints=_PLAIN,
)  # fmt: skip
_VARIABLE = mapping(
    type=st.sampled_from(["query", "datasource", "custom", "interval"]), name=_PLAIN, current=_JSON, query=_JSON,
    options=_JSON, refresh=_PLAIN,
)  # fmt: skip
_MARK = mapping(name=_PLAIN, builtIn=_PLAIN, datasource=_JSON, target=_JSON)
_BOARD = mapping(
    title=st.text(max_size=5), schemaVersion=st.sampled_from([0, 12, 16, 27, 36, 41, 42, 43]),
    panels=st.lists(_PANEL, max_size=4), templating=mapping(list=st.lists(_VARIABLE, max_size=2)),
    annotations=mapping(list=st.lists(_MARK, max_size=2)), time=_JSON, timepicker=_JSON, tags=_JSON, links=_JSON,
    refresh=_PLAIN, rows=_JSON, uid=_PLAIN, graphTooltip=_PLAIN,
)  # fmt: skip


@rotation.examples(150)
@given(_BOARD)
def test_whatever_strangers_write_becomes_current_once(board: Node) -> None:
    """Any input converts without an exception, a second change or a null, to both schemas."""
    made = modernise(board)
    assert modernise(made) == made
    assert canonical(made) == made
    assert json.loads(json.dumps(made)) == made
    resource.to_v2(made)
    list(checks.check("stranger.json", made))
