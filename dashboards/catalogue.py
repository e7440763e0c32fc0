"""All dashboards and their files. A test compares the tuple with the modules on disk."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from boxwatch.dashboards import capacity, host, monitoring, overview, probes, service, slo
from boxwatch.errors import BoxwatchError
from boxwatch.grafana import json_text
from boxwatch.grafana.schema_v2 import resource, tabs
from boxwatch.grafana.tree import Node
from boxwatch.rules.built import Built
from boxwatch.topology.kinds import KINDS

NOTHING: Mapping[str, Node] = MappingProxyType({})


def _of_kinds() -> Iterator[tuple[str, Callable[[Built], Node | None]]]:
    """Each kind's dashboard: the module named by its record."""
    for kind in KINDS:
        if kind.dashboard:
            yield kind.dashboard, importlib.import_module(f"boxwatch.dashboards.{kind.dashboard}").build


# A builder returns None for a system that the topology does not have, and no file is written.
DASHBOARDS: tuple[tuple[str, Callable[[Built], Node | None]], ...] = (
    ("overview", overview.build),
    ("service", service.build),
    ("host", host.build),
    ("capacity", capacity.build),
    ("slo", slo.build),
    *_of_kinds(),
    ("probes", probes.build),
    ("monitoring", monitoring.build),
)


def files(built: Built, schema: str = "v1", extra: Mapping[str, Node] = NOTHING) -> dict[str, bytes]:
    """File name → JSON of every dashboard of a deployment; deterministic, byte for byte.

    Args:
        built: the deployment's rules.
        schema: `v1`, the classic dashboard, or one of `schema_v2.resource.VERSIONS`.
        extra: name → dashboard, for the dashboards added to ours (`boxwatch.dashboards.extra`).

    Raises:
        BoxwatchError: an added dashboard has the name, uid or title of another.
    """
    made = {name: dashboard for name, build in DASHBOARDS if (dashboard := build(built)) is not None}
    for name, dashboard in extra.items():
        _refuse_double(name, dashboard, made)
        made[name] = dashboard
    return {
        f"{name}.json": json_text.write(_in_schema(dashboard, schema, ours=name not in extra))
        for name, dashboard in made.items()
    }


def _in_schema(dashboard: Node, schema: str, *, ours: bool) -> Node:
    if schema == "v1":
        return dashboard
    made = resource.to_v2(dashboard, schema)
    # Others arranged theirs themselves.
    return tabs.arranged(made) if ours else made


def _refuse_double(name: str, dashboard: Node, made: Mapping[str, Node]) -> None:
    if name in dict(DASHBOARDS):
        raise BoxwatchError(f"the added dashboard {name} has the name of one of ours: rename its file")
    for other, there in made.items():
        for key in ("uid", "title"):
            if dashboard.get(key) == there.get(key):
                raise BoxwatchError(f"the added dashboard {name} has the same {key} as {other}: {dashboard.get(key)!r}")
