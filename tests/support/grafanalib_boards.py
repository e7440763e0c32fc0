"""Dashboards as grafanalib writes them, with their usual problems."""

from __future__ import annotations

import json
from typing import Any

from grafanalib import core
from grafanalib._gen import DashboardEncoder

from boxwatch.grafana import modernise
from boxwatch.grafana.canonical.form import canonical
from boxwatch.grafana.tree import Node, nodes

TARGETS = [core.Target(expr="up", refId="A"), core.Target(expr="down", refId="A")]


LIMITS = [core.Threshold("green", 0, 0.0), core.Threshold("red", 1, 80.0)]


# Every class of grafanalib that a Prometheus dashboard is likely to use, with what usually goes wrong.
CLASSES: dict[str, Any] = {
    "time series": core.TimeSeries(title="p", targets=TARGETS, dataSource="${datasource}", unit="s"),
    "stat": core.Stat(title="p", targets=TARGETS, dataSource="${datasource}"),
    "stat with mappings": core.Stat(
        title="p", targets=TARGETS, mappings=[core.StatMapping("down", mapValue="0"), core.StatRangeMappings("x", 1, 2)]
    ),
    "gauge": core.GaugePanel(title="p", targets=TARGETS, thresholds=LIMITS, min=0, max=100, label="l"),
    "bar gauge": core.BarGauge(title="p", targets=TARGETS, thresholds=LIMITS, format="s", label="l", min=0, max=9),
    "table": core.Table(title="p", targets=TARGETS, displayMode="color-background", unit="s"),
    "heatmap": core.Heatmap(title="p", targets=TARGETS, yAxis=core.YAxis(format="s")),
    "text": core.Text(title="p", content="# hello"),
    "row": core.RowPanel(title="p", panels=[core.TimeSeries(title="q", targets=TARGETS)], collapsed=True),
    "graph": core.Graph(title="p", targets=TARGETS, yAxes=core.single_y_axis(format="s", min=0), stack=True),
    "single stat": core.SingleStat(title="p", targets=TARGETS, format="s", thresholds="1,2"),
    "state timeline": core.StateTimeline(title="p", targets=TARGETS),
    "pie chart": core.PieChartv2(title="p", targets=TARGETS),
    "logs": core.Logs(title="p", targets=TARGETS),
    "histogram": core.Histogram(title="p", targets=TARGETS),
}


def from_grafanalib(*panels: Any, **content: Any) -> Node:  # noqa: ANN401 - grafanalib has no types
    """A dashboard of these panels, exactly as grafanalib writes it."""
    place = core.GridPos(h=8, w=12, x=0, y=0)
    placed = [type(panel)(**{**_arguments(panel), "gridPos": place}) for panel in panels]
    source = core.Template(name="datasource", type="datasource", query="prometheus", label="Data source")
    dashboard = core.Dashboard(
        title="d",
        panels=placed,
        **{"templating": core.Templating(list=[source]), **content},
    )
    loaded: Node = json.loads(json.dumps(dashboard, cls=DashboardEncoder))
    return loaded


def _arguments(panel: Any) -> dict[str, Any]:  # noqa: ANN401
    return {field.alias: getattr(panel, field.name) for field in panel.__attrs_attrs__ if field.init}


def modernised(*panels: Any, **content: Any) -> Node:  # noqa: ANN401
    """The repaired dashboard; repairing it again changes nothing."""
    given_ = from_grafanalib(*panels, **content)
    made = modernise.modernise(given_)
    assert modernise.modernise(made) == made
    assert canonical(made) == made
    return made


def one(panel: Any) -> Node:  # noqa: ANN401
    """The repaired form of one panel."""
    return nodes(modernised(panel)["panels"])[0]
