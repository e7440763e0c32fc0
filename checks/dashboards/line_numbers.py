"""Line numbers of a dashboard's parts, so that editors can open a finding."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node

Path = tuple[str | int, ...]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def lines(content: str, dashboard: Node, path: Path = ()) -> Mapping[str, int]:
    """The place named by a finding → the line on which it begins, from 1. The first one where names repeat.

    Args:
        content: the file, which is JSON.
        dashboard: the dashboard in it.
        path: the keys that lead to it.
    """
    starts = _starts(content)
    found: dict[str, int] = {}
    for where, place in _places(dashboard):
        line = starts.get((*path, *place))
        if line is not None:
            found.setdefault(where, line)
    return found


def _places(dashboard: Node) -> Iterator[tuple[str, Path]]:
    for kind, key in (("annotation", "annotations"), ("variable", "templating")):
        for index, each in enumerate(_list(tree.node(dashboard.get(key)).get("list"))):
            yield f'{kind} "{tree.text(tree.node(each).get("name"))}"', (key, "list", index)
    for index, panel in enumerate(_list(dashboard.get("panels"))):
        yield from _of_panel(tree.node(panel), ("panels", index))
        for inner, folded in enumerate(_list(tree.node(panel).get("panels"))):
            yield from _of_panel(tree.node(folded), ("panels", index, "panels", inner))


def _of_panel(panel: Node, path: Path) -> Iterator[tuple[str, Path]]:
    yield tree.name(panel), path
    for index, target in enumerate(_list(panel.get("targets"))):
        yield f"{tree.name(panel)} query {tree.text(tree.node(target).get('refId'))}", (*path, "targets", index)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _starts(content: str) -> Mapping[Path, int]:
    """The line of every object and list, by the keys and indices that lead to it."""
    found: dict[Path, int] = {}
    path: list[str | int] = []
    line, at, before = 1, 0, ""
    for match in _TOKEN.finditer(content):
        line += content.count("\n", at, match.start())
        at, sign = match.start(), match[0]
        if sign in "{[":
            found[tuple(path)] = line
            path.append(0 if sign == "[" else "")
        elif sign in "}]":
            path.pop()
        elif sign == ":":
            path[-1] = json.loads(before)
        elif sign == "," and isinstance(path[-1], int):
            path[-1] += 1
        before = sign
    return found
