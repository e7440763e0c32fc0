"""Team Web: the services that the team is on call for, and whether they fit."""

from __future__ import annotations

from boxwatch.dashboards import layout, links, render
from boxwatch.dashboards.panels import field_config, scale
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.dashboards.variables import SERVERS
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.topology.model import Topology

# The services that the team is on call for.
_OURS = f'{names.SERVER}=~"$server", {names.SERVICE}=~"web|api"'
_BY = f"by ({names.BY_SERVICE})"


def build(topology: Topology) -> Node:
    """The dashboard as JSON."""
    page = render.Page(
        id="team_web",
        title="Team Web",
        description="Are all services that we are on call for running, and do they fit?",
        variables=(SERVERS,),
        marked=_OURS,
        panels=layout.place(
            layout.line(8, (_missing(), 6), (_services(topology), 18)),
            layout.heading("Since when"),
            layout.even(9, _memory()),
        ),
    )
    return render.build(page, topology)


def _missing() -> Stat:
    wanted, running = f"{names.SERVICE_REPLICAS_DESIRED}{{{_OURS}}}", f"{names.SERVICE_REPLICAS_RUNNING}{{{_OURS}}}"
    return Stat(
        title="Replicas missing",
        description="Desired replicas of our services that are not running. Healthy: 0.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(Query(f"sum(clamp_min({wanted} - on ({names.BY_SERVICE}) {running}, 0))"),),
    )


def _services(topology: Topology) -> Table:
    rows = Rows(
        title="Our services",
        description="Each service against its plan. Healthy: a green share of the budget.",
        labels=(
            Label(label=names.SERVICE, head="Service", link=links.to_service(topology, links.of_column("Service"))),
            Label(label=names.SERVER, head="Server"),
        ),
        columns=(
            Column(head="Running", expr=f"sum {_BY} ({names.SERVICE_REPLICAS_RUNNING}{{{_OURS}}})", unit="none"),
            Column(
                head="Share of budget",
                expr=f"max {_BY} ({names.SERVICE_MEMORY_BUDGET_RATIO}{{{_OURS}}})",
                unit="percentunit",
                scale=scale.budget_share(topology),
                look="gauge",
                full=1.2,
            ),
        ),
        sort_by=("Share of budget",),
    )
    return table(rows)


def _memory() -> Graph:
    return Graph(
        title="Memory",
        description="Memory as counted against the budgets. Healthy: a stack below the dashed line.",
        unit="bytes",
        scale=scale.lines("The dashed line is the sum of our budgets as recorded from the topology."),
        queries=(
            Query(f"sum {_BY} ({names.SERVICE_MEMORY_USED}{{{_OURS}}})", "{{service}}"),
            Query(f"sum({names.SERVICE_MEMORY_BUDGET}{{{_OURS}}})", "budget"),
        ),
        overrides=(field_config.plan_line("B"),),
        fill=70,
        stacked=True,
    )
