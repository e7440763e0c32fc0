"""The dashboards, and their files. A test compares the tuple with the modules on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwatch.dashboards import overview, service, text
from boxwatch.dashboards.schema_v2 import resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from boxwatch.dashboards.tree import Node
    from boxwatch.topology.model import Topology

# A dashboard of a system that the topology does not have is None, and is not built.
DASHBOARDS: tuple[tuple[str, Callable[[Topology], Node | None]], ...] = (
    ("overview", overview.build),
    ("service", service.build),
)


def files(topology: Topology, schema: str = "v1") -> dict[str, bytes]:
    """File name → JSON of every dashboard for this topology, deterministic to the byte.

    `schema` is `v1`, the classic dashboard, or one of `schema_v2.resource.VERSIONS`.
    """
    made = ((name, build(topology)) for name, build in DASHBOARDS)
    return {
        f"{name}.json": text.write(dashboard if schema == "v1" else resource.to_v2(dashboard, schema))
        for name, dashboard in made
        if dashboard is not None
    }
