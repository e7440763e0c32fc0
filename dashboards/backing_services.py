"""Common parts of the dashboards of databases, caches and stores: the page, its first line, and selectors.

Thresholds are those of the alerts in the topology, drawn as a dashed line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from boxwatch.dashboards import links, queries, render
from boxwatch.dashboards.layout import Placed
from boxwatch.dashboards.panels import colours, field_config, scale, thresholds
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.scale import Scale
from boxwatch.dashboards.panels.timelines import States
from boxwatch.dashboards.variables import SERVERS, services_of
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.topology.kinds import Kind
from boxwatch.topology.model import Topology

NAMED = "{{service}} on {{server}}"


@dataclass(frozen=True, slots=True)
class Engine:
    """One kind of backing service.

    Attributes:
        kind: of the services.
    """

    kind: Kind

    def at(self, metric: str, matchers: str = "") -> str:
        """A metric of the chosen services."""
        return f'{metric}{{job="{self.kind.job}", {self.chosen}{f", {matchers}" if matchers else ""}}}'

    @property
    def chosen(self) -> str:
        """Label matchers of the chosen services."""
        return queries.on_services(self.kind.name)

    def by(self, aggregation: str, metric: str, *labels: str, matchers: str = "", per_second: bool = False) -> str:
        """One value per service and label value: of a gauge, or of a counter as its rate per second."""
        inside = self.at(metric, matchers)
        rated = f"rate({inside}[$__rate_interval])" if per_second else inside
        return f"{aggregation} by ({', '.join((names.BY_SERVICE, *labels))}) ({rated})"

    def largest(self, aggregation: str, metric: str, *labels: str, matchers: str = "", per_second: bool = False) -> str:
        """The same for the series that are largest at the end of the time range."""
        return queries.largest(self.by(aggregation, metric, *labels, matchers=matchers, per_second=per_second))

    def page(self, topology: Topology, question: str, panels: tuple[Placed, ...]) -> Node:
        """The dashboard."""
        page = render.Page(
            id=self.kind.name,
            title=self.kind.title,
            description=question,
            variables=(SERVERS, services_of(self.kind.name)),
            marked=self.chosen,
            panels=tuple(_linked(placed, topology) for placed in panels),
        )
        return render.build(page, topology)

    def alerts(self) -> Stat:
        """Alerts about the chosen services."""
        return Stat(
            title="Alerts",
            description="Alerts firing for the chosen services. Healthy: both 0.",
            unit="none",
            scale=scale.none_is_good(),
            queries=(
                Query(queries.alerts_firing("critical", self.chosen), "critical"),
                Query(queries.alerts_firing("warning", self.chosen), "warning"),
            ),
            overrides=(field_config.query("B", ("thresholds", scale.none_is_good(colours.NEAR).to_json())),),
        )

    def up(self, metric: str, matchers: str = "") -> States:
        """Whether the service answered its exporter."""
        return States(
            title="Up",
            description=f"Whether {self.kind.title} answered. Healthy: one colour throughout; a gap is a failed "
            "scrape.",
            unit="none",
            scale=scale.none_known(
                "Red is no answer, green an answer; the alert waits for the topology's outage_grace."
            ),
            queries=(Query(self.by("min", metric, matchers=matchers), NAMED),),
            mappings=tuple(field_config.states(State(0, "no answer", colours.BAD), State(1, "up", colours.GOOD))),
        )


def _linked(placed: Placed, topology: Topology) -> Placed:
    """Panels with a series for each service lead to its own page and to that of its server."""
    panel = placed.panel
    if not isinstance(panel, Graph | States) or panel.queries[0].legend != NAMED:
        return replace(placed, collapsed=tuple(_linked(each, topology) for each in placed.collapsed))
    server = links.of_series(names.SERVER)
    to_service = links.to_service(topology, links.of_series(names.SERVICE), server)
    return replace(placed, panel=replace(panel, links=(to_service, links.to_server(topology, server))))


def says(alert: str) -> Scale:
    """The scale of graphs that draw an alert's threshold."""
    return scale.lines(f"The dashed line is the threshold of the alert {alert} in the topology.")


def with_alert(graph: Graph, threshold: float) -> Graph:
    """The graph with its alert's threshold drawn."""
    return thresholds.drawn(graph, threshold)


def near(threshold: float, alert: str) -> Scale:
    """Amber from an alert's threshold."""
    return Scale(
        f"Amber from the threshold of the alert {alert} in the topology.",
        ((0, colours.GOOD), (threshold, colours.NEAR)),
    )


def shares(first: float, last: float, alert: str, worse: str) -> Scale:
    """Amber from one alert's threshold, red from that of a worse one."""
    if last <= first:
        return Scale(
            f"Red from the threshold of the alert {worse} in the topology.", ((0, colours.GOOD), (last, colours.BAD))
        )
    says_ = f"Amber from the threshold of the alert {alert} in the topology, red from that of {worse}."
    return Scale(says_, ((0, colours.GOOD), (first, colours.NEAR), (last, colours.BAD)))


def uncoloured(why: str) -> Scale:
    """The scale of graphs where nothing is bad in itself, or which another panel or alert judges; `why` says so."""
    return scale.none_known(f"{why}; nothing is coloured.")


def below(least: float, alert: str) -> Scale:
    """Amber below an alert's threshold."""
    return Scale(
        f"Amber below the threshold of the alert {alert} in the topology.", ((0, colours.NEAR), (least, colours.GOOD))
    )
