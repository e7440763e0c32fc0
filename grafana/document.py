"""Reading a dashboard file: the dashboard in it, whatever its envelope."""

from __future__ import annotations

import json
from dataclasses import dataclass

from boxwatch.errors import BoxwatchError
from boxwatch.grafana.tree import Node, node, text

# Keys of a dashboard of any age: Grafana 4 had rows, schema v2 has elements.
_OF_DASHBOARDS = ("panels", "rows")
_RESOURCE = "dashboard.grafana.app/"


@dataclass(frozen=True, slots=True)
class Document:
    """The content of the file.

    Attributes:
        dashboard: the dashboard itself; the same object as in `whole`.
        path: keys that lead to it; empty if the file is the dashboard.
        whole: the whole content of the file.
    """

    dashboard: Node
    path: tuple[str, ...]
    whole: Node


def read(file: str, content: bytes) -> Document:
    """The dashboard in a file: an export, a request or response of Grafana's API, or a resource of schema v1.

    Raises:
        BoxwatchError: it is not JSON, or not a dashboard.
    """
    found = parse(file, content)
    if found is None:
        raise BoxwatchError(f"{file}: is JSON, but not a dashboard: it has neither `panels` nor `rows`")
    return found


_DEEPEST = 100


def _refuse(name: str) -> object:
    """Infinity and NaN are no JSON, though Python reads them."""
    raise ValueError(f"{name} is no number there")


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels <= 0 or any(_is_deeper(each, levels - 1) for each in inner)


def parse(file: str, content: bytes) -> Document | None:
    """The dashboard in a file; None if the file holds another kind of object.

    Raises:
        BoxwatchError: it is not JSON, not an object, or a dashboard of schema v2.
    """
    try:
        whole = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BoxwatchError(f"{file}: is not JSON: {error}; export the dashboard again") from error
    if _is_deeper(whole, _DEEPEST):
        raise BoxwatchError(f"{file}: nests deeper than {_DEEPEST} levels; no dashboard of Grafana's does")
    if not isinstance(whole, dict):
        raise BoxwatchError(f"{file}: is JSON, but not a dashboard: a dashboard is an object")
    path = envelope(whole)
    inner = whole
    for key in path:
        inner = node(inner.get(key))
    if isinstance(inner.get("elements"), dict) and "layout" in inner:
        raise BoxwatchError(f"{file}: is a schema v2 dashboard: export it as a classic dashboard (schema v1)")
    return Document(inner, path, whole) if any(key in inner for key in _OF_DASHBOARDS) else None


def envelope(whole: Node) -> tuple[str, ...]:
    """The keys that lead to the dashboard in an export, a response of Grafana's API, or a resource."""
    if text(whole.get("apiVersion")).startswith(_RESOURCE):
        return ("spec",)
    return ("dashboard",) if isinstance(whole.get("dashboard"), dict) and "panels" not in whole else ()
