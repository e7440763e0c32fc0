"""Template variables: data source, servers, services."""

from __future__ import annotations

from dataclasses import dataclass

from boxwatch.grafana.tree import Node
from boxwatch.rules import dashboard_uid, names


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One template variable.

    Attributes:
        name: its name in queries.
        label: its label in the bar.
        query: Prometheus' label_values(…), or the type of data source.
        multi: several values can be chosen, initially all.
        every: the regular expression for all; empty lists the values one by one, for dashboards where all means all
            of one kind.
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
        """A panel's reference to this variable as its data source."""
        return {"type": self.query, "uid": f"${{{self.name}}}"}


DATASOURCE = Variable(name="datasource", label="Data source", query="prometheus", type="datasource")

# Values come from the plan, not from measurements: a server or service that never reported can still be chosen.
SERVERS = Variable(
    name="server",
    label="Server",
    query=f"label_values({names.SERVER_MEMORY_PLAN}, {names.SERVER})",
    multi=True,
)
SERVICE = Variable(
    name=dashboard_uid.service_variable("service"),
    label="Service",
    query=f'label_values({names.SERVICE_INFO}{{{names.SERVER}=~"$server"}}, {names.SERVICE})',
)

# Several services at once, of any kind. Each kind of choice has a name of its own, because links between dashboards
# carry variables by name, and a value of one kind means nothing to another.
SERVICES = Variable(name=dashboard_uid.service_variable("traefik"), label="Service", query=SERVICE.query, multi=True)


def services_of(kind: str, label: str = "Service") -> Variable:
    """The services of one kind, for the dashboard of a backing service: several PostgreSQLs can be compared."""
    selection = f'{names.SERVER}=~"$server", {names.KIND}="{kind}"'
    query = f"label_values({names.SERVICE_INFO}{{{selection}}}, {names.SERVICE})"
    return Variable(name=dashboard_uid.service_variable(kind), label=label, query=query, multi=True, every="")
