"""The one place that knows every generator: Topology → {path: bytes}."""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.checks import extra_rules
from boxwatch.dashboards import catalogue as dashboards
from boxwatch.grafana.tree import Node
from boxwatch.rules import catalogue as rules
from boxwatch.stack import alertmanager, compose, coolify, page, probes, prometheus, provisioning
from boxwatch.topology.model import Topology


def assemble(
    topology: Topology,
    *,
    schema: str = "v1",
    extra: Mapping[str, Node] = dashboards.NOTHING,
    own: extra_rules.ExtraRules = extra_rules.NOTHING,
    stack: bool = True,
) -> dict[str, bytes]:
    """Generate every output file of a topology, keyed by path below the output directory and sorted by path.

    Pure: the same arguments give the same bytes; clock, environment and network play no part.

    Args:
        topology: the deployment.
        schema: dashboard schema version: `v1`, which every Grafana reads, or one of `schema_v2.resource.VERSIONS`.
        extra: the user's own dashboards, by name.
        own: the user's own rules and their tests.
        stack: include the monitoring stack's compose file, provisioning and page, if the topology plans one.

    Raises:
        BoxwatchError: an extra dashboard shares its name, uid or title with another.
    """
    built = rules.build(topology)
    made = {**rules.files(built), **own.files, **prometheus.files(topology)}
    made |= {**probes.files(topology), **alertmanager.files(built)}
    if topology.shows_dashboards:
        shown = dashboards.files(built, schema, extra)
        made |= {f"grafana/dashboards/{name}": content for name, content in shown.items()}
    if stack and (composed := compose.files(topology)):
        made |= {**composed, **(provisioning.files(topology) if topology.shows_dashboards else {})}
        made |= coolify.files(topology, made)
        made |= page.files(topology, made)
    return dict(sorted(made.items()))
