"""A parsed document: plain values, each with its place in the file.

`Entry.key` is the place of a key; a node's own place is the start of its value. Aliases share nodes, so a problem
inside an alias is reported at the anchor, where it has to be fixed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from boxwatch.topology.wording import clipped

Path = tuple[str | int, ...]

_PLAIN = re.compile(r"[A-Za-z0-9_<-]{1,50}", re.ASCII)


class Place(NamedTuple):
    """A place in a file: line and column from 1; 0 and 0 for the whole file."""

    file: str
    line: int
    column: int


@dataclass(slots=True)
class Node:
    """One value of a document.

    Attributes:
        place: start of the value.
        value: the plain Python value: None, bool, int, float, str, list or dict.
        size: number of nodes, including itself, with aliases expanded.
        height: levels of nesting; 1 for a scalar.
        keys: for a mapping, the place of each key and the node of each value.
        items: for a list, its nodes.
    """

    place: Place
    value: object = None
    size: int = 1
    height: int = 1
    keys: dict[str, Entry] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)


class Entry(NamedTuple):
    """One key of a mapping, with its value."""

    key: Place
    value: Node


class Places(Protocol):
    """Looks up the place of a value or key of a document."""

    def value(self, path: Path) -> Place:
        """Start of the value at the path, or of its nearest ancestor."""

    def key(self, path: Path) -> Place:
        """Place of the last key of the path, or of its nearest ancestor."""


@dataclass(frozen=True, slots=True)
class NodePlaces:
    """Places of a document made of nodes."""

    root: Node

    def value(self, path: Path) -> Place:
        """Start of the value; for an empty value, the place of its key."""
        node, entry = self._walk(path)
        return entry if node.value is None else node.place

    def key(self, path: Path) -> Place:
        """Place of the key; for a list item, its start."""
        return self._walk(path)[1]

    def _walk(self, path: Path) -> tuple[Node, Place]:
        node, place = self.root, self.root.place
        for part in path:
            if isinstance(part, int) and part < len(node.items):
                node = node.items[part]
                place = node.place
            elif isinstance(part, str) and part in node.keys:
                place, node = node.keys[part]
            else:
                break
        return node, place


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document: the file as named, its value, and the places of its keys and values."""

    file: str
    value: object
    places: Places


def spell(path: Sequence[str | int]) -> str:
    """A path in dotted form: `services.web.containers[1].name`. A part that is not a plain word is quoted."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            word = part if _PLAIN.fullmatch(part) else f'"{clipped(part)}"'
            text += f".{word}" if text else word
    return text
