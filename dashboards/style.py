"""The house style over grafanalib, and the only module that imports it.

grafanalib knows what a panel is made of; it has no types, has not been released since January 2024, and its defaults
are wrong for us (schemaVersion 12, refresh 10s, 100 points a graph, uid null). So it builds, here and nowhere else,
what the typed classes of `boxwatch.dashboards.panels` describe, and `boxwatch.dashboards.modern` makes the result
current.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grafanalib import core
from grafanalib._gen import DashboardEncoder

from boxwatch.dashboards import colours, modern, queries
from boxwatch.dashboards.variables import DATASOURCE, Variable
from boxwatch.topology import units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boxwatch.dashboards.layout import Placed
    from boxwatch.dashboards.panels import Panel, Query
    from boxwatch.dashboards.tree import Node
    from boxwatch.topology.model import Topology

TAG = "boxwatch"
# Grafana's default. A dashboard of a deployment answers "now and this shift"; the week is a click away.
TIME_RANGE = "now-6h"
SHARED_CROSSHAIR = 1
# How often a page may ask anew. Nothing changes between two scrapes, so nothing faster is offered.
_FASTEST = 30
_SLOWER = ["1m", "5m", "15m", "1h"]

_CLASSES = {
    "stat": core.Stat,
    "timeseries": core.TimeSeries,
    "table": core.Table,
    "bargauge": core.BarGauge,
    "state-timeline": core.StateTimeline,
}


def uid(dashboard_id: str) -> str:
    """The uid of a dashboard: always the same, so that links and bookmarks survive a rebuild."""
    return f"{TAG}-{dashboard_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One dashboard, before it is JSON.

    Attributes:
        id: name of its module, file and, with our prefix, its uid.
        title: what it is called in Grafana.
        description: the question that it answers, one sentence.
        variables: what can be chosen, beside the data source, in the order of the bar.
        panels: the panels with their places.
        alerts: PromQL label matchers: which firing alerts are marked in the graphs.
    """

    id: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    panels: tuple[Placed, ...]
    alerts: str


def build(page: Page, topology: Topology) -> Node:
    """The dashboard as Grafana would store it."""
    refresh = units.format_duration(max(topology.scrape_interval, _FASTEST))
    dashboard = core.Dashboard(
        title=page.title,
        description=page.description,
        uid=uid(page.id),
        tags=list(dict.fromkeys((TAG, topology.name))),
        editable=False,
        graphTooltip=SHARED_CROSSHAIR,
        schemaVersion=modern.SCHEMA_VERSION,
        timezone="browser",
        refresh=refresh,
        time=core.Time(TIME_RANGE, "now"),
        timePicker=core.TimePicker(refreshIntervals=[refresh, *_SLOWER], timeOptions=[]),
        links=[_link_to_ours()],
        annotations=core.Annotations(list=[_firing_alerts(page.alerts, refresh)]),
        templating=core.Templating(list=[_variable(variable) for variable in (DATASOURCE, *page.variables)]),
        panels=[_placed(number, placed, topology) for number, placed in enumerate(page.panels, start=1)],
    )
    plain = json.loads(json.dumps(dashboard, cls=DashboardEncoder))
    return modern.modernise(plain)


def _link_to_ours() -> object:
    """Links by tag find our other dashboards in whatever folder they are, and keep time and variables."""
    return core.DashboardLink(
        type="dashboards", title="boxwatch", tags=[TAG], includeVars=True, keepTime=True, icon="external link"
    )


def _firing_alerts(selection: str, interval: str) -> Node:
    return {
        "name": "Alerts",
        "datasource": dict(DATASOURCE.reference),
        "enable": True,
        "hide": False,
        "iconColor": colours.BAD,
        "target": {
            "expr": queries.began_to_fire(selection),
            "interval": interval,
            "refId": "Anno",
        },
        "titleFormat": f"{{{{{queries.ALERT_NAME}}}}}",
        "textFormat": f"{{{{{queries.SEVERITY}}}}} {{{{service}}}} {{{{server}}}}",
        "tagKeys": queries.SEVERITY,
        "useValueForTime": False,
    }


def _variable(variable: Variable) -> Node:
    made: Node = core.Template(
        name=variable.name,
        label=variable.label,
        type=variable.type,
        query=variable.query,
        dataSource=None if variable is DATASOURCE else dict(DATASOURCE.reference),
        includeAll=variable.multi,
        multi=variable.multi,
        allValue=".+" if variable.multi else None,
        refresh=core.REFRESH_ON_TIME_RANGE_CHANGE,
    ).to_json_data()
    if variable.multi:
        made["current"] = {"text": ["All"], "value": ["$__all"]}
    return made


def _placed(number: int, placed: Placed, topology: Topology) -> object:
    place = core.GridPos(x=placed.x, y=placed.y, w=placed.w, h=placed.h)
    if placed.panel is None:
        return core.RowPanel(id=number, title=placed.title, gridPos=place)
    return _panel(number, placed.panel, place, topology)


def _panel(number: int, panel: Panel, place: object, topology: Topology) -> object:
    # Never more than a sample for each scrape, whatever the zoom: more are copies.
    interval = units.format_duration(topology.scrape_interval)
    thresholds = panel.scale.to_json()
    defaults: Node = {"unit": panel.unit, "thresholds": thresholds, **panel.defaults(topology)}
    return _CLASSES[panel.type](
        id=number,
        gridPos=place,
        title=panel.title,
        description=panel.description,
        dataSource=dict(DATASOURCE.reference),
        interval=interval,
        maxDataPoints=None,
        thresholds=thresholds["steps"],
        targets=list(_targets(panel.queries, instant=panel.instant, table=panel.type == "table", interval=interval)),
        transformations=[{"id": name, "options": dict(options)} for name, options in panel.transformations],
        extraJson={
            "fieldConfig": {"defaults": defaults, "overrides": [override.to_json() for override in panel.overrides]},
            "options": panel.options(),
        },
    )


def _targets(queries_: Iterable[Query], *, instant: bool, table: bool, interval: str) -> Iterable[object]:
    for number, query in enumerate(queries_):
        yield core.Target(
            expr=query.expr,
            legendFormat=query.legend,
            refId=chr(ord("A") + number),
            instant=instant,
            format="table" if table else "",
            # `$__rate_interval` is four times the *query's* min step, which is the data source's where we state none.
            interval=interval if "$__rate_interval" in query.expr else "",
            datasource=dict(DATASOURCE.reference),
        )
