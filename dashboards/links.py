"""Where a click on a value leads: from the overview to the service to its server, with time and variables kept."""

from __future__ import annotations

from boxwatch.dashboards.panels.field_config import Link
from boxwatch.rules.dashboard_uid import uid
from boxwatch.topology.model import Topology


def of_column(head: str) -> str:
    """The value of a table's column in the row that was clicked; heads are unique in a table."""
    return f"${{__data.fields.{head}}}"


def of_series(label: str) -> str:
    """A label of the series that was clicked, in a graph or a stat."""
    return f"${{__field.labels.{label}}}"


def to_dashboard(topology: Topology, dashboard_id: str, title: str, **variables: str) -> Link:
    """Another dashboard of this deployment: `to_dashboard(topology, "host", "Look at the server", server="")`.

    A variable without a value is left as it is chosen here.
    """
    return Link(title, uid(topology, dashboard_id), tuple(variables.items()))


def to_service(topology: Topology, service: str, server: str = "") -> Link:
    """The dashboard of a service.

    Args:
        topology: the deployment.
        service: which one: `of_column("Service")`, `of_series(names.SERVICE)`.
        server: on which server; those that are chosen here, if it is not said.
    """
    return to_dashboard(topology, "service", "Look at this service", server=server, service=service)
