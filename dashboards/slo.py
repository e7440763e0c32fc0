"""SLO: is what users were promised kept, how much of the error budget is left, and how fast does it go?"""

from __future__ import annotations

from boxwatch.dashboards import layout, links, render
from boxwatch.dashboards.panels import colours, scale
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.scale import Scale
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.dashboards.queries import ON_SERVERS, ON_SERVICES
from boxwatch.dashboards.variables import SERVERS, Variable
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.slo import slo
from boxwatch.rules.slo.slo import FAST, SLOW
from boxwatch.topology.model import Topology

_NAME = f"{{{{{names.SERVICE}}}}}"
_ON = f"on ({names.BY_SERVICE})"
_PROMISED = Variable(
    name="service",
    label="Service",
    query=f"label_values({names.SERVICE_AVAILABILITY}{{{ON_SERVERS}}}, {names.SERVICE})",
    multi=True,
    every="",
)
_HEIGHT_OF_HEAD, _MOST_ROWS_SHOWN = 3, 9
_NOUNS = {slo.AVAILABILITY: "availability", slo.LATENCY: "latency"}


def build(built: Built) -> Node | None:
    """The dashboard as JSON; None where nothing was promised or nothing is known of requests."""
    topology = built.topology
    if not slo.promised(topology):
        return None
    page = render.Page(
        id="slo",
        title="SLO",
        description="Is what users were promised kept, how much of the error budget is left, and how fast does it go?",
        variables=(SERVERS, _PROMISED),
        marked=ON_SERVICES,
        panels=layout.place(
            layout.even(4, *(stat for part in slo.PARTS for stat in (_least(part), _kept(part)))),
            layout.even(_height(topology), _promises(topology)),
            layout.heading("Since when?"),
            layout.even(8, *(_left(part) for part in slo.PARTS)),
            layout.heading("How fast does it go?"),
            layout.even(9, *(_burn(part) for part in slo.PARTS)),
            layout.heading("How many requests is that?"),
            layout.even(8, *(_count(part) for part in slo.PARTS)),
        ),
    )
    return render.build(page, topology)


def _of(series: str, operation: str = "max") -> str:
    return f"{operation} by ({names.BY_SERVICE}) ({series}{{{ON_SERVICES}}})"


def _budget() -> Scale:
    says = "Red from 0: the budget of the topology's objective is used up. Amber below a quarter."
    return Scale(says, ((-1, colours.BAD), (0, colours.NEAR), (0.25, colours.GOOD)))


def _least(part: slo.Part) -> Stat:
    noun = _NOUNS[part]
    return Stat(
        title=f"Least {noun} budget",
        good=f"What is left of a month's error budget for {noun}, of the service that has least. Good is above 0.",
        unit="percentunit",
        scale=_budget(),
        queries=(Query(f"bottomk(1, {_of(part.left)})", _NAME),),
    )


def _kept(part: slo.Part) -> Stat:
    kept = "did not fail" if part is slo.AVAILABILITY else "were answered in time"
    return Stat(
        title=f"Least {_NOUNS[part]}",
        good=f"Share of the requests of 30 days that {kept}, of the service with the least. Good is what was promised.",
        unit="percentunit",
        scale=scale.none_known("What the topology promises differs by service, so nothing is coloured."),
        queries=(Query(f"bottomk(1, 1 - {_of(f'{part.ratio}30d')})", _NAME),),
    )


def _height(topology: Topology) -> int:
    """As high as the table's rows, until one has to scroll."""
    rows = sum(len(service.server) for service in topology.services if service.faces_users)
    return _HEIGHT_OF_HEAD + min(rows, _MOST_ROWS_SHOWN)


def _promises(topology: Topology) -> Table:
    columns = tuple(
        column
        for part in slo.PARTS
        for noun in (_NOUNS[part],)
        for column in (
            Column(head=f"Promised {noun}", expr=_of(part.objective), unit="percentunit", width=170),
            Column(head=f"Kept {noun}", expr=f"1 - {_of(f'{part.ratio}30d')}", unit="percentunit", width=140),
            Column(head=f"Left of {noun}", expr=_of(part.left), unit="percentunit", scale=_budget(), width=160),
        )
    )
    return table(
        Rows(
            title="Promises",
            good="What was promised, what was kept in 30 days, and what is left of the budget. Good is green.",
            labels=(
                Label(
                    label=names.SERVICE,
                    head="Service",
                    link=links.to_service(topology, links.of_column("Service"), links.of_column("Server")),
                ),
                Label(label=names.SERVER, head="Server", width=90),
            ),
            columns=columns,
            sort_by=("Left of availability",),
            rising=("Left of availability",),
        )
    )


def _left(part: slo.Part) -> Graph:
    noun = _NOUNS[part]
    return Graph(
        title=f"Left of the {noun} budget",
        good=f"What is left of the error budget of 30 days for {noun}. Good is a line above 0 that does not fall.",
        unit="percentunit",
        scale=_budget(),
        queries=(Query(_of(part.left), _NAME),),
        signed=True,
    )


def _burn(part: slo.Part) -> Graph:
    noun = _NOUNS[part]
    pairs = (*FAST, *SLOW)
    limits = ", ".join(f"{pair.factor:g} over {pair.long} and {pair.short}" for pair in pairs)
    return Graph(
        title=f"How fast the {noun} budget goes",
        good="How many times faster than would last a month. Good is below 1.",
        unit="none",
        scale=scale.lines(f"The alerts fire from {limits}, as in the documentation of Google's SRE."),
        queries=tuple(
            Query(f"{_of(f'{part.ratio}{pair.long}')} / {_ON} (1 - {_of(part.objective)})", f"{pair.long} {_NAME}")
            for pair in pairs
        ),
        table=True,
    )


def _count(part: slo.Part) -> Graph:
    word = "failed" if part is slo.AVAILABILITY else "were slow"
    return Graph(
        title=f"Requests that {word}",
        good=f"Requests of the last hour and day that {word}. Good is few; so many use up the budget.",
        unit="none",
        scale=scale.none_known("How many are too many depends on how many there were, so nothing is coloured."),
        queries=tuple(Query(_of(f"{part.count}{window}"), f"{window} {_NAME}") for window in ("1h", "1d")),
        table=True,
    )
