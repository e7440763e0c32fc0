"""Unique panel ids within a dashboard, and refIds for queries without one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from string import ascii_uppercase

from boxwatch.grafana.tree import Node, nodes


def _all(dashboard: Node) -> Iterator[Node]:
    for panel in nodes(dashboard.get("panels")):
        yield panel
        yield from nodes(panel.get("panels"))
    for row in nodes(dashboard.get("rows")):
        yield from nodes(row.get("panels"))


def _valid(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def make_unique(dashboard: Node) -> None:
    """Make panel ids unique: the first panel with an id keeps it, others get the next free ids in reading order."""
    every = list(_all(dashboard))
    free = max((int(str(panel["id"]).split(".")[0]) for panel in every if _valid(panel.get("id"))), default=0) + 1
    seen: set[object] = set()
    for panel in every:
        if not _valid(panel.get("id")) or panel["id"] in seen:
            panel["id"] = free
            free += 1
        seen.add(panel["id"])


def reference_names() -> Iterator[str]:
    """Yield the refIds A to Z, then AA, AB and so on."""
    yield from ascii_uppercase
    for first, second in product(ascii_uppercase, repeat=2):
        yield first + second


def name_targets(panel: Node) -> None:
    """Give every query without a refId the next free one."""
    targets = nodes(panel.get("targets"))
    used = {target.get("refId") for target in targets}
    names = reference_names()
    for target in targets:
        if target.get("refId") is None:
            target["refId"] = next(name for name in names if name not in used)
