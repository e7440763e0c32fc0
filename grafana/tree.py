"""Typed access to dashboard JSON: each accessor states the type it expects, and yields nothing if it is absent.

Dashboards may come from anywhere, so no function here raises on an unexpected structure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy

# One JSON object. Values are narrowed when they are read.
Node = dict[str, object]
_SCALARS = (str, int, float, type(None))


def copy(dashboard: Mapping[str, object]) -> Node:
    """A deep copy of a dashboard. For JSON many times faster than `deepcopy`."""
    return {key: _copy(value) for key, value in dashboard.items()}


def _copy(value: object) -> object:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value if isinstance(value, _SCALARS) else deepcopy(value)


def node(value: object) -> Node:
    """The object itself, or an empty one."""
    return value if isinstance(value, dict) else {}


def nodes(value: object) -> list[Node]:
    """The objects in a list; other entries are omitted."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def child(parent: Node, key: str) -> Node:
    """The object at a key; created if the key is missing or holds another type."""
    value = parent.get(key)
    if isinstance(value, dict):
        return value
    made: Node = {}
    parent[key] = made
    return made


def text(value: object) -> str:
    """The string itself, or an empty one."""
    return value if isinstance(value, str) else ""


def number(value: object, default: float = 0) -> float:
    """The number itself, or the default. True and False are not numbers."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default


def panels(dashboard: Mapping[str, object]) -> Iterator[Node]:
    """Every panel, including rows, each row before the panels collapsed in it."""
    for panel in nodes(dashboard.get("panels")):
        yield panel
        yield from nodes(panel.get("panels"))


def plots(dashboard: Mapping[str, object]) -> Iterator[Node]:
    """Every panel that displays data: all but rows, texts, library panels and lists."""
    for panel in panels(dashboard):
        if panel.get("type") not in ("row", "text", "dashlist", "news", "alertlist") and "libraryPanel" not in panel:
            yield panel


def targets(panel: Mapping[str, object]) -> list[Node]:
    """The queries of a panel."""
    return nodes(panel.get("targets"))


def variables(dashboard: Mapping[str, object]) -> list[Node]:
    """The template variables of a dashboard, in their order."""
    return nodes(node(dashboard.get("templating")).get("list"))


def marks(dashboard: Mapping[str, object]) -> list[Node]:
    """The annotation queries of a dashboard."""
    return nodes(node(dashboard.get("annotations")).get("list"))


def strings(value: object) -> Iterator[str]:
    """Every string value at any depth, excluding keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def name(panel: Mapping[str, object]) -> str:
    """The panel's name in findings: `panel "Memory"`, or its id if it has no title."""
    title = text(panel.get("title"))
    return f'panel "{title}"' if title else f"panel {panel.get('id', 'without id')}"
