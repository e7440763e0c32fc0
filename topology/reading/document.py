"""A document that was read from a file: plain values, and the place of each.

`Entry.key` is where a key is written, a node's own place is where its value starts. Aliases share nodes, so a problem
inside an alias is reported where the anchor is written, which is where it has to be mended.
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
    """A place in a file, line and column from 1; 0 and 0 mean the whole file."""

    file: str
    line: int
    column: int


@dataclass(slots=True)
class Node:
    """One value of a document.

    Attributes:
        place: where the value starts.
        value: the plain Python value: None, bool, int, float, str, list or dict.
        size: number of nodes in it, itself included, with aliases written out.
        height: levels of nesting in it; 1 for a scalar.
        keys: of a mapping, the place of each key and the node of each value.
        items: of a list, its nodes.
    """

    place: Place
    value: object = None
    size: int = 1
    height: int = 1
    keys: dict[str, Entry] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)


class Entry(NamedTuple):
    """One key of a mapping with its value."""

    key: Place
    value: Node


class Places(Protocol):
    """Where each value of a document, and each key, is written."""

    def value(self, path: Path) -> Place:
        """Where the value at the path starts, or what is nearest above it."""

    def key(self, path: Path) -> Place:
        """Where the last key of the path is written, or what is nearest above it."""


@dataclass(frozen=True, slots=True)
class NodePlaces:
    """Places of a document that was read into nodes."""

    root: Node

    def value(self, path: Path) -> Place:
        """Where the value starts. An empty value is where its key is."""
        node, entry = self._walk(path)
        return entry if node.value is None else node.place

    def key(self, path: Path) -> Place:
        """Where the key is written; of a list's item, where the item starts."""
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
    """What was read: the file as named, its value, and where everything in it is written."""

    file: str
    value: object
    places: Places


def spell(path: Sequence[str | int]) -> str:
    """A path as people say it: `services.web.containers[1].name`. A part that is no plain word is put in quotes."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            word = part if _PLAIN.fullmatch(part) else f'"{clipped(part)}"'
            text += f".{word}" if text else word
    return text
