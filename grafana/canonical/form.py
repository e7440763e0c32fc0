"""canonical(dashboard): what Grafana 12.4 stores when it is given this dashboard.

Grafana fills in defaults, lifts older schema versions step by step to the current one, and drops what only its editor
needs. We do the same, so that a dashboard can be compared with the stored one without noise, and what we publish is
not changed on arrival.
"""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.grafana import tree
from boxwatch.grafana.canonical import defaults, saved, steps
from boxwatch.grafana.canonical.sources import Source, Sources
from boxwatch.grafana.tree import Node

SCHEMA_VERSION = 42
# Grafana 4, and what grafanalib still writes. Older ones are read as if they were of this version.
_OLDEST = 12


def canonical(dashboard: Mapping[str, object], sources: tuple[Source, ...] = ()) -> Node:
    """The stored form of a dashboard; the argument is left as it is.

    Args:
        dashboard: dashboard JSON of any schema version.
        sources: the data sources of the Grafana that is meant. Older dashboards name theirs; only with this list can
            names become uids, and panels without one get the default.
    """
    return settled(tree.copy(dashboard), sources)


def settled(made: Node, sources: tuple[Source, ...] = ()) -> Node:
    """The same for a dashboard that is the caller's own: it is changed in place, and returned."""
    version = made.get("schemaVersion")
    known = version if isinstance(version, int) and not isinstance(version, bool) else 0
    defaults.apply(made)
    for target, step in steps.STEPS:
        if target > max(known, _OLDEST):
            step(made, Sources(sources))
    made["schemaVersion"] = max(known, SCHEMA_VERSION)
    defaults.add_builtin_annotation(made)
    saved.clean(made)
    return made
