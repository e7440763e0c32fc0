"""What can be chosen at the top of a dashboard: data source, servers, a service."""

from __future__ import annotations

from dataclasses import dataclass

from boxwatch.grafana.tree import Node
from boxwatch.rules import names


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One choice in the bar.

    Attributes:
        name: how queries name it.
        label: how people read it.
        query: Prometheus' label_values(…), or the type of data source.
        multi: several can be chosen, and all are at first.
        every: the regular expression of all; empty is those that there are to choose, one by one, where all means all
            of some kind.
        type: Grafana's kind of variable.
    """

    name: str
    label: str
    query: str
    multi: bool = False
    every: str = ".+"
    type: str = "query"

    @property
    def reference(self) -> Node:
        """How a panel refers to this variable as its data source."""
        return {"type": self.query, "uid": f"${{{self.name}}}"}


DATASOURCE = Variable(name="datasource", label="Data source", query="prometheus", type="datasource")

# The plan, not the measurements, says what there is: a server or service that never reported can still be chosen.
SERVERS = Variable(
    name="server",
    label="Server",
    query=f"label_values({names.SERVER_MEMORY_PLAN}, {names.SERVER})",
    multi=True,
)
SERVICE = Variable(
    name="service",
    label="Service",
    query=f'label_values({names.SERVICE_INFO}{{{names.SERVER}=~"$server"}}, {names.SERVICE})',
)

# Several of them at once, of whatever kind.
SERVICES = Variable(name=SERVICE.name, label=SERVICE.label, query=SERVICE.query, multi=True)


def services_of(kind: str, label: str = "Service") -> Variable:
    """The services of one kind, for the dashboard of a system: several PostgreSQLs can be looked at side by side."""
    selection = f'{names.SERVER}=~"$server", {names.KIND}="{kind}"'
    query = f"label_values({names.SERVICE_INFO}{{{selection}}}, {names.SERVICE})"
    return Variable(name=SERVICE.name, label=label, query=query, multi=True, every="")
