"""Links between dashboards: from the overview to the service to its server, keeping time range and variables."""

from __future__ import annotations

from boxwatch.dashboards.panels.field_config import Link
from boxwatch.rules.dashboard_uid import uid
from boxwatch.topology.model import Topology


def of_column(head: str) -> str:
    """The value in a table's column on the clicked row; headings are unique in a table."""
    return f"${{__data.fields.{head}}}"


def of_series(label: str) -> str:
    """A label of the clicked series, in a graph or a stat."""
    return f"${{__field.labels.{label}}}"


def to_dashboard(topology: Topology, dashboard_id: str, title: str, **variables: str) -> Link:
    """Another dashboard of this deployment: `to_dashboard(topology, "host", "Open the server", server="")`.

    A variable without a value keeps its present choice.
    """
    return Link(title, uid(topology, dashboard_id), tuple(variables.items()))


def to_service(topology: Topology, service: str, server: str = "") -> Link:
    """The dashboard of a service.

    Args:
        topology: the deployment.
        service: which one: `of_column("Service")`, `of_series(names.SERVICE)`.
        server: the server it runs on; empty keeps the present choice.
    """
    return to_dashboard(topology, "service", "Open this service", server=server, service=service)


def to_server(topology: Topology, server: str) -> Link:
    """The dashboard of a server: `of_column("Server")`, `of_series(names.SERVER)`."""
    return to_dashboard(topology, "host", "Open its server", server=server)
