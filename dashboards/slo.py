"""SLO: objectives met, error budget left, and burn rate."""

from __future__ import annotations

from boxwatch.dashboards import layout, links, render
from boxwatch.dashboards.panels import colours, scale, thresholds
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.scale import Scale
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.dashboards.queries import ON_SERVERS, on_services
from boxwatch.dashboards.variables import SERVERS, Variable
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.dashboard_uid import service_variable
from boxwatch.rules.slo import slo
from boxwatch.rules.slo.slo import FAST, SLOW
from boxwatch.topology.model import Topology

_NAME = f"{{{{{names.SERVICE}}}}}"
_CHOSEN = on_services("slo")
_ON = f"on ({names.BY_SERVICE})"
_PROMISED = Variable(
    name=service_variable("slo"),
    label="Service",
    query=f"label_values({names.SERVICE_AVAILABILITY}{{{ON_SERVERS}}}, {names.SERVICE})",
    multi=True,
    every="",
)
_HEIGHT_OF_HEAD, _MOST_ROWS_SHOWN = 3, 9
_MONTH = 30 * 86400
_NOUNS = {slo.AVAILABILITY: "availability", slo.LATENCY: "latency"}


def build(built: Built) -> Node | None:
    """The dashboard as JSON; None without objectives or without request metrics."""
    topology = built.topology
    if not slo.promised(topology):
        return None
    page = render.Page(
        id="slo",
        title="SLO",
        description="Are the promises to users kept, how much error budget is left, and how fast is it burning?",
        variables=(SERVERS, _PROMISED),
        marked=_CHOSEN,
        # The objectives are about thirty days.
        time_range="now-30d",
        panels=layout.place(
            *(layout.even(4, _least(part), _gone(part), _kept(part)) for part in slo.PARTS),
            *_tables(topology),
            layout.heading("History"),
            layout.even(8, *(_left(part) for part in slo.PARTS)),
            layout.heading("Burn rate"),
            layout.even(9, *(_burn(part, FAST, "") for part in slo.PARTS)),
            layout.even(9, *(_burn(part, SLOW, ", slow") for part in slo.PARTS)),
            layout.heading("Requests affected"),
            layout.even(8, *(_count(part) for part in slo.PARTS)),
        ),
    )
    return render.build(page, topology)


def _of(series: str, operation: str = "max") -> str:
    return f"{operation} by ({names.BY_SERVICE}) ({series}{{{_CHOSEN}}})"


def _budget() -> Scale:
    says = "Red from 0: the error budget of the topology's objective is spent. Amber below a quarter."
    return Scale(says, ((-1, colours.BAD), (0, colours.NEAR), (0.25, colours.GOOD)))


def _least(part: slo.Part) -> Stat:
    noun = _NOUNS[part]
    return Stat(
        title=f"Lowest {noun} budget",
        description=f"Error budget of 30 days left for {noun}, of the service with the lowest. Healthy: above 0.",
        unit="percentunit",
        scale=_budget(),
        queries=(Query(f"bottomk(1, {_of(part.left)})", _NAME),),
    )


def _gone(part: slo.Part) -> Stat:
    noun = _NOUNS[part]
    return Stat(
        title=f"{noun.capitalize()} gone in",
        description="Time until the first budget is gone, at the burn rate of six hours. Healthy: not burning.",
        unit="dtdurations",
        scale=Scale(
            "Red below three days, the horizon of the slowest alert, as in Google's SRE documentation.",
            ((0, colours.BAD), (3 * 86400, colours.NEAR)),
        ),
        queries=(Query(f"bottomk(1, {_gone_in(part)})", _NAME),),
        no_value="not burning",
    )


def _kept(part: slo.Part) -> Stat:
    kept = "did not fail" if part is slo.AVAILABILITY else "were answered in time"
    return Stat(
        title=f"Lowest {_NOUNS[part]}",
        description=f"Share of the requests of 30 days that {kept}, of the service with the lowest. Healthy: as "
        "promised.",
        unit="percentunit",
        scale=scale.none_known("The topology's objectives differ by service, so nothing is coloured."),
        queries=(Query(f"bottomk(1, 1 - {_of(f'{part.ratio}30d')})", _NAME),),
    )


def _tables(topology: Topology) -> tuple[layout.Line, ...]:
    """Side by side where the server's name needs no column."""
    tables = [_promises(topology, part) for part in slo.PARTS]
    if len(topology.servers) == 1:
        return (layout.even(_height(topology), *tables),)
    return tuple(layout.even(_height(topology), one) for one in tables)


def _height(topology: Topology) -> int:
    """As high as the table's rows, up to the point where it scrolls."""
    rows = sum(len(service.server) for service in topology.services if service.faces_users)
    return _HEIGHT_OF_HEAD + min(rows, _MOST_ROWS_SHOWN)


def _promises(topology: Topology, part: slo.Part) -> Table:
    several = len(topology.servers) > 1
    server = (Label(label=names.SERVER, head="Server", width=90),) if several else ()
    to_service = links.to_service(topology, links.of_column("Service"), links.of_column("Server") if several else "")
    return table(
        Rows(
            title=f"{_NOUNS[part].capitalize()} promises",
            description="Objectives, results of 30 days, the budget left, and until when it lasts. Healthy: green.",
            labels=(Label(label=names.SERVICE, head="Service", link=to_service), *server),
            columns=(
                Column(head="Promised", expr=_of(part.objective), unit="percentunit", width=85),
                Column(head="Kept", expr=f"1 - {_of(f'{part.ratio}30d')}", unit="percentunit", width=75),
                Column(head="Left", expr=_of(part.left), unit="percentunit", scale=_budget(), width=75),
                Column(head="Gone in", expr=_gone_in(part), unit="dtdurations", width=125),
            ),
            sort_by=("Left",),
            rising=("Left",),
            hidden=() if several else (names.SERVER,),
        )
    )


def _left(part: slo.Part) -> Graph:
    noun = _NOUNS[part]
    graph = Graph(
        title=f"Remaining {noun} budget",
        description=f"Error budget of 30 days left for {noun}. Healthy: above 0 and not falling.",
        unit="percentunit",
        scale=scale.lines("The dashed line is 0: the error budget of the topology's objective is spent below it."),
        queries=(Query(_of(part.left), _NAME),),
        signed=True,
    )
    return thresholds.drawn(graph, 0, colours.LIMIT)


def _rate(part: slo.Part, window: str) -> str:
    return f"{_of(f'{part.ratio}{window}')} / {_ON} (1 - {_of(part.objective)})"


def _gone_in(part: slo.Part) -> str:
    """Seconds until the budget is gone at the burn rate of the last six hours; empty while it would last."""
    left = f"clamp_min({_of(part.left)}, 0)"
    return f"{left} * {_MONTH} / {_ON} ({_rate(part, '6h')} > 1)"


def _burn(part: slo.Part, pairs: tuple[slo.Burn, ...], which: str) -> Graph:
    noun = _NOUNS[part]
    limits = ", ".join(f"{pair.factor:g} over {pair.long} and {pair.short}" for pair in pairs)
    graph = Graph(
        title=f"{noun.capitalize()} burn rate{which}",
        description="Multiples of the rate at which the budget would last a month, the smaller of a long and a short "
        "window, as the alerts judge it. Healthy: below 1.",
        unit="suffix:×",
        scale=scale.lines(f"The dashed lines are where the alerts fire: {limits}, as in Google's SRE documentation."),
        queries=tuple(
            Query(
                f"{_rate(part, pair.long)} < {_ON} {_rate(part, pair.short)}"
                f" or {_rate(part, pair.short)} and {_ON} {_rate(part, pair.long)}",
                f"{pair.long} {_NAME}",
            )
            for pair in pairs
        ),
        soft_max=1,
    )
    for pair in pairs:
        graph = thresholds.drawn(graph, pair.factor, colours.LIMIT if pair in FAST else colours.PLAN)
    return graph


def _count(part: slo.Part) -> Graph:
    word = "failed" if part is slo.AVAILABILITY else "were slow"
    return Graph(
        title=f"Requests that {word}",
        description=f"Requests of the last hour that {word}. Healthy: few; each uses up budget.",
        unit="none",
        scale=scale.none_known("How many are too many depends on the total, so nothing is coloured."),
        queries=(Query(f"round({_of(f'{part.count}1h')})", _NAME),),
        soft_max=1,
    )
