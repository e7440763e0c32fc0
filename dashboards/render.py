"""Rendering of dashboards with grafanalib; the only module that imports it.

grafanalib knows the structure of panels, but it is untyped, has had no release since January 2024, and has the wrong
defaults for us (schemaVersion 12, refresh 10s, 100 points a graph, uid null). So here alone it builds what the typed
classes of `boxwatch.dashboards.panels.panel` describe, and `boxwatch.grafana.modernise` makes the result current.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from grafanalib import core
from grafanalib._gen import DashboardEncoder

from boxwatch.dashboards import graph_annotations
from boxwatch.dashboards.layout import Placed
from boxwatch.dashboards.panels.alert_list import AlertList
from boxwatch.dashboards.panels.palette import Vocabulary
from boxwatch.dashboards.panels.panel import Panel
from boxwatch.dashboards.variables import DATASOURCE, Variable
from boxwatch.grafana import modernise
from boxwatch.grafana.tree import Node
from boxwatch.rules import dashboard_uid, deployment
from boxwatch.rules.panel_id import panel_id
from boxwatch.topology import units
from boxwatch.topology.model import Topology

TAG = dashboard_uid.PREFIX
# Grafana's default. A deployment's dashboard answers "now and this shift"; the week is a click away.
TIME_RANGE = "now-6h"
SHARED_CROSSHAIR = 1
# Shortest refresh interval offered. Nothing changes between two scrapes.
_FASTEST = 30
_SLOWER = ["1m", "5m", "15m", "1h"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One dashboard before rendering.

    Attributes:
        id: name of its module and file, and the end of its uid.
        title: its title in Grafana.
        description: the question that it answers, one sentence.
        variables: the variables besides the data source, in the order of the bar.
        panels: the panels with their positions.
        marked: PromQL label matchers of the deployments to mark in the graphs, and of the alerts.
        alarmed: those of the alerts, where they are others: an alert on a service is not of interest on a page about
            servers.
        time_range: the range at first, as Grafana writes it.
    """

    id: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    panels: tuple[Placed, ...]
    marked: str
    alarmed: str = ""
    time_range: str = TIME_RANGE


def build(page: Page, topology: Topology) -> Node:
    """The dashboard as Grafana would store it.

    Raises:
        ValueError: two panels have the same title, or titles with the same id.
    """
    _refuse_same_ids(page)
    refresh = units.format_duration(max(topology.scrape_interval, _FASTEST))
    dashboard = core.Dashboard(
        title=_title(page, topology),
        description=page.description,
        uid=dashboard_uid.uid(topology, page.id),
        tags=tags(topology),
        editable=False,
        graphTooltip=SHARED_CROSSHAIR,
        schemaVersion=modernise.SCHEMA_VERSION,
        timezone="browser",
        refresh=refresh,
        time=core.Time(page.time_range, "now"),
        timePicker=core.TimePicker(refreshIntervals=[refresh, *_SLOWER], timeOptions=[]),
        links=[_link_to_ours(topology)],
        annotations=core.Annotations(
            list=[
                _scoped_mark(topology, graph_annotations.deployments(page.marked, refresh)),
                _scoped_mark(topology, graph_annotations.critical_alerts(page.alarmed or page.marked, refresh)),
                _scoped_mark(topology, graph_annotations.other_alerts(page.alarmed or page.marked, refresh)),
            ]
        ),
        templating=core.Templating(list=[_variable(topology, variable) for variable in (DATASOURCE, *page.variables)]),
        panels=[_placed(placed, topology, _vocabulary(page, topology)) for placed in page.panels],
    )
    plain = json.loads(json.dumps(dashboard, cls=DashboardEncoder))
    return modernise.modernise(plain)


def _refuse_same_ids(page: Page) -> None:
    seen: dict[int, str] = {}
    for placed in (one for each in page.panels for one in (each, *each.collapsed)):
        if placed.panel is not None:
            number = panel_id(placed.panel.title)
            if number in seen:
                first, second = seen[number], placed.panel.title
                raise ValueError(f"{page.id}: panels {first!r} and {second!r} have the same id: rename one")
            seen[number] = placed.panel.title


def _title(page: Page, topology: Topology) -> str:
    """Unique across deployments: Grafana before 11 refuses equal titles in a folder, and people search by title."""
    return page.title if dashboard_uid.is_default(topology) else f"{page.title} ({topology.name})"


def tags(topology: Topology) -> list[str]:
    """The tags that all dashboards of a deployment share, by which they link to each other."""
    return list(dict.fromkeys((TAG, topology.name)))


def _link_to_ours(topology: Topology) -> object:
    """Links by tag find our other dashboards in any folder, and keep time range and variables."""
    return core.DashboardLink(
        type="dashboards",
        title="boxwatch",
        tags=tags(topology),
        includeVars=True,
        keepTime=True,
        icon="external link",
        asDropdown=True,
    )


def _scoped_mark(topology: Topology, mark: Node) -> Node:
    target = mark["target"]
    if not isinstance(target, dict):
        raise TypeError("an annotation has no target")
    return {**mark, "target": {**target, "expr": deployment.query(topology, target["expr"])}}


def _variable(topology: Topology, variable: Variable) -> Node:
    made: Node = core.Template(
        name=variable.name,
        label=variable.label,
        type=variable.type,
        query=deployment.variable(topology, variable.query),
        dataSource=None if variable is DATASOURCE else dict(DATASOURCE.reference),
        includeAll=variable.multi,
        multi=variable.multi,
        allValue=variable.every or None if variable.multi else None,
        refresh=core.REFRESH_ON_TIME_RANGE_CHANGE,
    ).to_json_data()
    if variable.multi:
        made["current"] = {"text": ["All"], "value": ["$__all"]}
    return made


def _vocabulary(page: Page, topology: Topology) -> Vocabulary:
    """The names that a page may show, in the order of their colours: services by their budget, the largest first."""
    of_kind = [service for service in topology.services if service.kind == page.id and page.id != "traefik"]
    services = sorted(of_kind or topology.services, key=lambda one: -one.replicas * one.memory)
    return Vocabulary(
        services=tuple(service.name for service in services),
        servers=tuple(server.name for server in topology.servers),
    )


def _placed(placed: Placed, topology: Topology, vocabulary: Vocabulary) -> object:
    place = core.GridPos(x=placed.x, y=placed.y, w=placed.w, h=placed.h)
    if placed.panel is None:
        inside = [_placed(each, topology, vocabulary) for each in placed.collapsed]
        # A heading may have the same title as one of its panels.
        return core.RowPanel(
            id=panel_id(f"row {placed.title}"),
            title=placed.title,
            gridPos=place,
            collapsed=bool(inside),
            panels=inside,
        )
    if isinstance(placed.panel, AlertList):
        return _alert_list(topology, placed.panel, place)
    return _panel(placed.panel, place, topology, vocabulary)


def _alert_list(topology: Topology, panel: AlertList, place: object) -> Node:
    made = core.Panel(id=panel_id(panel.title), gridPos=place, title=panel.title, description=panel.full_description)
    options = replace(
        panel, matchers=", ".join((*deployment.matchers(topology), *filter(None, (panel.matchers,))))
    ).options()
    return {**made.panel_json({"type": panel.type}), "options": options, "fieldConfig": {}}


def _panel(panel: Panel, place: core.GridPos, topology: Topology, vocabulary: Vocabulary) -> Node:
    # Never more than one point per scrape, at any zoom: further points are copies.
    interval = units.format_duration(topology.scrape_interval)
    defaults: Node = {"unit": panel.unit, "thresholds": panel.thresholds(), **panel.defaults(topology)}
    if panel.links:
        defaults["links"] = [link.to_json() for link in panel.links]
    made = core.Panel(
        id=panel_id(panel.title),
        gridPos=place,
        title=panel.title,
        description=panel.full_description,
        dataSource=dict(DATASOURCE.reference),
        interval=interval,
        maxDataPoints=None,
        targets=list(_targets(topology, panel, interval)),
        transformations=[{"id": name, "options": dict(options)} for name, options in panel.transformations],
    )
    overrides = [override.to_json() for override in panel.differing(vocabulary)]
    return {
        **made.panel_json({"type": panel.type}),
        "fieldConfig": {"defaults": defaults, "overrides": overrides},
        "options": panel.options_at(int(place.w)),
    }


def _targets(topology: Topology, panel: Panel, interval: str) -> Iterable[object]:
    for number, query in enumerate(panel.queries):
        yield core.Target(
            expr=deployment.query(topology, query.expr),
            legendFormat=query.legend,
            refId=chr(ord("A") + number),
            instant=panel.instant,
            format=panel.format,
            # `$__rate_interval` is four times the *query's* min step, which defaults to the data source's.
            interval=interval if "$__rate_interval" in query.expr else "",
            datasource=dict(DATASOURCE.reference),
        )
