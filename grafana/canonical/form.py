"""Canonical form of a dashboard: what Grafana 12.4 stores on saving it.

Grafana fills in defaults, migrates older schema versions step by step, and drops keys that only its editor needs. Doing
the same lets a dashboard be compared with the stored one without noise, and keeps a published one unchanged on arrival.
"""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.grafana import tree
from boxwatch.grafana.canonical import defaults, saved, steps
from boxwatch.grafana.canonical.sources import Source, Sources
from boxwatch.grafana.tree import Node

SCHEMA_VERSION = 42
# Grafana 4, and what grafanalib still writes. Older versions are read as this one.
_OLDEST = 12


def canonical(dashboard: Mapping[str, object], sources: tuple[Source, ...] = ()) -> Node:
    """The stored form of a dashboard; the argument is not changed.

    Args:
        dashboard: dashboard JSON of any schema version.
        sources: the data sources of the target Grafana. Older dashboards refer to data sources by name; only with this
            list can names become uids, and panels without one get the default.
    """
    return settled(tree.copy(dashboard), sources)


def settled(made: Node, sources: tuple[Source, ...] = ()) -> Node:
    """Like `canonical`, but changes the caller's dashboard in place and returns it."""
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
