"""YAML as a tree with lines, built without recursion: PyYAML's C composer crashes on input that nests too deeply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import yaml

# Deeper than any rule file; a level costs nothing here, but code that walks the tree may recurse.
DEEPEST = 64


@dataclass(slots=True)
class Node:
    """A scalar (`text`), a sequence (`items`) or a mapping (`fields`, by the text of the key), and its place from 1.

    `plain` is a scalar without quotes, which may be a number; `repeated` are the keys that a mapping has twice, each
    with its second value. `alias` is one that was written elsewhere, and is named here.
    """

    line: int
    column: int = 0
    text: str | None = None
    items: list[Node] | None = None
    fields: dict[str, Node] | None = None
    plain: bool = False
    alias: bool = False
    repeated: dict[str, Node] = field(default_factory=dict)
    key: str | None = field(default=None, repr=False)

    def add(self, child: Node) -> None:
        """Adds the next child of a sequence, or the next key or value of a mapping."""
        if self.items is not None:
            self.items.append(child)
        elif self.fields is not None and self.key is None:
            self.key = child.text or ""
        elif self.fields is not None and self.key is not None:
            if self.key in self.fields:
                self.repeated[self.key] = child
            self.fields[self.key] = child
            self.key = None


def parse(content: bytes) -> Node | None:
    """The root of the first document; None when there is none.

    Raises:
        yaml.YAMLError: the content is not YAML.
        ValueError: it nests too deeply, or refers to an undefined anchor.
    """
    root = Node(0, items=[])
    stack = [root]
    anchors: dict[str, Node] = {}
    for event in yaml.parse(content, Loader=yaml.CSafeLoader):
        if isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            stack.pop()
            continue
        if isinstance(event, yaml.DocumentEndEvent):
            break
        node = _node(event, anchors)
        if node is None:
            continue
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.anchor is not None:
            anchors[event.anchor] = node
        stack[-1].add(node)
        if isinstance(event, yaml.CollectionStartEvent):
            stack.append(node)
            if len(stack) > DEEPEST:
                raise ValueError(f"nests deeper than {DEEPEST} levels")
    return root.items[0] if root.items else None


def _node(event: yaml.Event, anchors: Mapping[str, Node]) -> Node | None:
    mark = event.start_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    match event:
        case yaml.AliasEvent():
            if event.anchor not in anchors:
                raise ValueError(f"line {line} refers to *{event.anchor}, which is not there")
            return replace(anchors[str(event.anchor)], alias=True)
        case yaml.ScalarEvent():
            return Node(line, column, text=str(event.value), plain=event.implicit[0])
        case yaml.SequenceStartEvent():
            return Node(line, column, items=[])
        case yaml.MappingStartEvent():
            return Node(line, column, fields={})
        case _:
            return None
