"""A file that should hold a dashboard: the dashboard in it, whatever it is wrapped in."""

from __future__ import annotations

import json
from dataclasses import dataclass

from boxwatch.errors import BoxwatchError
from boxwatch.grafana.tree import Node, node, text

# What a dashboard of any age has; Grafana 4 had rows, schema v2 has elements.
_OF_DASHBOARDS = ("panels", "rows")
_RESOURCE = "dashboard.grafana.app/"


@dataclass(frozen=True, slots=True)
class Document:
    """What was in the file.

    Attributes:
        dashboard: the dashboard itself; the same object as in `whole`.
        path: the keys that lead to it; empty when the file is the dashboard.
        whole: everything that was in the file.
    """

    dashboard: Node
    path: tuple[str, ...]
    whole: Node


def read(file: str, content: bytes) -> Document:
    """The dashboard in a file: exported, answered by or meant for Grafana's API, or a resource of schema v1.

    Raises:
        BoxwatchError: it is no JSON, or no dashboard.
    """
    found = parse(file, content)
    if found is None:
        raise BoxwatchError(f"{file}: is JSON, but no dashboard: it has neither `panels` nor `rows`")
    return found


def parse(file: str, content: bytes) -> Document | None:
    """The dashboard in a file; None when it is an object of another kind.

    Raises:
        BoxwatchError: it is no JSON, no object, or a dashboard of schema v2.
    """
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BoxwatchError(f"{file}: is not JSON: {error}; export the dashboard again") from error
    if not isinstance(whole, dict):
        raise BoxwatchError(f"{file}: is JSON, but no dashboard: a dashboard is an object")
    path = _path(whole)
    inner = whole
    for key in path:
        inner = node(inner.get(key))
    if isinstance(inner.get("elements"), dict) and "layout" in inner:
        raise BoxwatchError(f"{file}: is a dashboard of schema v2: export it as a classic dashboard (schema v1)")
    return Document(inner, path, whole) if any(key in inner for key in _OF_DASHBOARDS) else None


def _path(whole: Node) -> tuple[str, ...]:
    if text(whole.get("apiVersion")).startswith(_RESOURCE):
        return ("spec",)
    return ("dashboard",) if isinstance(whole.get("dashboard"), dict) and "panels" not in whole else ()
