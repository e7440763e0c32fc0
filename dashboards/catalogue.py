"""The dashboards, and their files. A test compares the tuple with the modules on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwatch.dashboards import overview, service, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from boxwatch.dashboards.tree import Node
    from boxwatch.topology.model import Topology

DASHBOARDS: tuple[tuple[str, Callable[[Topology], Node]], ...] = (
    ("overview", overview.build),
    ("service", service.build),
)


def files(topology: Topology) -> dict[str, bytes]:
    """File name → JSON of every dashboard for this topology, deterministic to the byte."""
    return {f"{name}.json": text.write(build(topology)) for name, build in DASHBOARDS}
