"""The one place that knows every generator: Topology → {path: bytes}."""

from __future__ import annotations

from boxwatch.dashboards import catalogue as dashboards
from boxwatch.rules import catalogue as rules
from boxwatch.stack import prometheus
from boxwatch.topology.model import Topology


def assemble(topology: Topology, schema: str = "v1") -> dict[str, bytes]:
    """Everything that is made from a topology, by its path below the output directory, in the order of the paths.

    `schema` is that of the dashboards: `v1` as every Grafana reads them, or one of `schema_v2.resource.VERSIONS`. Pure:
    the same topology gives the same bytes, whatever the clock, the environment or the network.
    """
    made = {**rules.files(topology), **prometheus.files(topology)}
    made |= {f"grafana/dashboards/{name}": content for name, content in dashboards.files(topology, schema).items()}
    return dict(sorted(made.items()))
