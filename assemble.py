"""The one place that knows every generator: Topology → {path: bytes}."""

from __future__ import annotations

from boxwatch.dashboards import catalogue as dashboards
from boxwatch.rules import catalogue as rules
from boxwatch.stack import probes, prometheus
from boxwatch.topology.model import Topology


def assemble(topology: Topology) -> dict[str, bytes]:
    """Everything that is made from a topology, by its path below the output directory, in the order of the paths.

    Pure: the same topology gives the same bytes, whatever the clock, the environment or the network.
    """
    made = {**rules.files(topology), **prometheus.files(topology), **probes.files(topology)}
    made |= {f"grafana/dashboards/{name}": content for name, content in dashboards.files(topology).items()}
    return dict(sorted(made.items()))
