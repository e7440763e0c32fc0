"""The one place that knows every generator: Topology → {path: bytes}."""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.dashboards import catalogue as dashboards
from boxwatch.grafana.tree import Node
from boxwatch.rules import catalogue as rules
from boxwatch.stack import alertmanager, probes, prometheus
from boxwatch.topology.model import Topology


def assemble(
    topology: Topology, *, schema: str = "v1", extra: Mapping[str, Node] = dashboards.NOTHING
) -> dict[str, bytes]:
    """Everything that is made from a topology, by its path below the output directory, in the order of the paths.

    Pure: the same arguments give the same bytes, whatever the clock, the environment or the network.

    Args:
        topology: the deployment.
        schema: of the dashboards: `v1` as every Grafana reads them, or one of `schema_v2.resource.VERSIONS`.
        extra: dashboards that are added to ours, by name.

    Raises:
        BoxwatchError: one that is added has the name, uid or title of another.
    """
    built = rules.build(topology)
    made = {**rules.files(built), **prometheus.files(topology)}
    made |= {**probes.files(topology), **alertmanager.files(built)}
    made |= {f"grafana/dashboards/{name}": content for name, content in dashboards.files(built, schema, extra).items()}
    return dict(sorted(made.items()))
