"""YAML text → values with places, in one pass over the parser's events.

Nothing recurses and nothing is expanded before it is counted, so time and memory are bounded for any file: nesting and
the number of nodes with aliases expanded are limited, and an anchor cannot contain itself. Keys are always text. Merge
keys (`<<`) work as in YAML 1.1: an explicit key takes precedence over a merged one, an earlier merge over a later one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

import yaml

from boxwatch.errors import Problem, TopologyError
from boxwatch.topology import secrets, wording
from boxwatch.topology.reading import yaml_scalars, yaml_syntax
from boxwatch.topology.reading.document import Document, Entry, Node, NodePlaces, Path, Place
from boxwatch.topology.reading.problems import Issue

# The format itself nests six levels deep.
DEEPEST = 32
# 1,000 services have 12,000 nodes.
MOST_NODES = 100_000
MERGE = "<<"

_YAML = "tag:yaml.org,2002:"
_HARMLESS_TAGS = frozenset({None, "!", f"{_YAML}str", f"{_YAML}map", f"{_YAML}seq"})
# The C parser is ten times as fast; PyYAML may be built without it.
_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(text: str, file: str) -> tuple[Document, tuple[Issue, ...]]:
    """Parse YAML text into a document and its issues, as far as they leave a usable document.

    Raises:
        TopologyError: the text is not YAML, is empty, or exceeds a limit.
    """
    reader = _Reader(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except yaml.YAMLError as error:
        raise TopologyError((*reader.problems(), yaml_syntax.explain(error, text, file))) from error
    root = reader.root
    if root is None or root.value is None:
        problem = Problem(file, 0, 0, "", "is empty", "run `boxwatch init` to create a commented one")
        raise TopologyError((problem,))
    return Document(file, root.value, NodePlaces(root)), tuple(reader.issues)


class _Key(NamedTuple):
    """A key waiting for its value. Without a name it was reported as an error, and its value is dropped."""

    name: str | None
    place: Place
    merges: bool = False


@dataclass(slots=True)
class _Frame:
    """An open mapping or list."""

    node: Node
    mapping: bool
    key: _Key | None = None
    merged: list[tuple[Place, Node]] = field(default_factory=list)


class _Reader:
    def __init__(self, file: str) -> None:
        self.root: Node | None = None
        self.issues: list[Issue] = []
        self._file = file
        self._open: list[_Frame] = []
        self._anchors: dict[str, Node] = {}
        self._nodes = 0

    def problems(self) -> tuple[Problem, ...]:
        """The issues found so far, with their places."""
        nowhere = Place(self._file, 0, 0)
        return tuple(issue.at(issue.place or nowhere) for issue in self.issues)

    def take(self, event: yaml.Event) -> None:
        """Add one event to the tree."""
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            self._reject(self._place(event), "starts a second document", "one file holds one topology")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        place = self._place(event)
        frame = self._open[-1] if self._open else None
        if frame is not None and frame.mapping and frame.key is None:
            self._remember(event, Node(place, event.value))
            plain = event.implicit[0]
            frame.key = _Key(event.value, place, merges=plain and event.value == MERGE)
            return
        plain = event.implicit[0] and event.tag is None
        node = Node(place, yaml_scalars.resolve(event.value) if plain else event.value)
        self._count(1, place)
        self._remember(event, node)
        self._check_tag(event, place)
        self._attach(node)

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        place = self._place(event)
        mapping = isinstance(event, yaml.MappingStartEvent)
        node = Node(place, {} if mapping else [], size=0)
        if len(self._open) >= DEEPEST:
            self._reject(place, f"nests more than {DEEPEST} levels deep", "a topology needs six")
        self._count(1, place)
        self._remember(event, node)
        self._check_tag(event, place)
        self._open.append(_Frame(node, mapping))

    def _end(self) -> None:
        frame = self._open.pop()
        for place, source in frame.merged:
            self._merge(frame.node, place, source)
        node = frame.node
        below = [entry.value for entry in node.keys.values()] if frame.mapping else node.items
        if frame.mapping:
            node.value = {name: entry.value.value for name, entry in node.keys.items()}
        else:
            node.value = [item.value for item in below]
        node.size = 1 + sum(child.size for child in below)
        node.height = 1 + max((child.height for child in below), default=0)
        self._attach(node)

    def _alias(self, event: yaml.AliasEvent) -> None:
        place, name = self._place(event), event.anchor or ""
        node = self._anchors.get(name)
        if node is None and secrets.bears_secret(self._path()):
            self._reject(place, "uses an anchor that is not defined before it", "put text that starts with * in quotes")
        if node is None:
            hint = wording.did_you_mean(name, self._anchors)
            self._reject(place, f"uses *{wording.visible(name)} without &{wording.visible(name)} before it", hint)
        if node.size == 0:
            self._reject(place, f"uses *{wording.visible(name)} inside &{wording.visible(name)}, which is infinite")
        if len(self._open) + node.height > DEEPEST:
            self._reject(place, f"nests more than {DEEPEST} levels deep with its aliases expanded")
        self._count(node.size, place)
        frame = self._open[-1]
        if frame.mapping and frame.key is None:
            frame.key = _Key(node.value if isinstance(node.value, str) else None, place)
            if frame.key.name is None:
                self._report_key(place)
            return
        self._attach(node)

    def _attach(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        frame = self._open[-1]
        if not frame.mapping:
            frame.node.items.append(node)
        elif frame.key is None:
            self._report_key(node.place)
            frame.key = _Key(None, node.place)
        else:
            key, frame.key = frame.key, None
            self._put(frame, key, node)

    def _put(self, frame: _Frame, key: _Key, node: Node) -> None:
        if key.merges:
            self._queue(frame, key.place, node)
        elif key.name in frame.node.keys:
            first = frame.node.keys[key.name].key
            message = f"is duplicated; first written in line {first.line}, column {first.column}"
            self._report((*self._path(), key.name), message, "keep one of them", key.place)
        elif key.name is not None:
            frame.node.keys[key.name] = Entry(key.place, node)

    def _queue(self, frame: _Frame, place: Place, node: Node) -> None:
        sources = node.items if isinstance(node.value, list) else [node]
        if frame.merged:
            self._report((*self._path(), MERGE), "is duplicated", "write one list: `<<: [*a, *b]`", place)
        if not all(isinstance(source.value, dict) for source in sources):
            hint = "write `<<: *NAME` with the name of an anchor"
            self._report((*self._path(), MERGE), "merges something that is not a mapping", hint, place)
        frame.merged += [(place, source) for source in sources if isinstance(source.value, dict)]

    def _merge(self, node: Node, place: Place, source: Node) -> None:
        for name, entry in source.keys.items():
            if name not in node.keys:
                self._count(entry.value.size, place)
                node.keys[name] = entry

    def _remember(self, event: yaml.NodeEvent, node: Node) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = node

    def _check_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, place: Place) -> None:
        if event.tag not in _HARMLESS_TAGS:
            tag = str(event.tag).replace(_YAML, "!!", 1)
            which = "a tag" if secrets.bears_secret(self._path()) else f"the tag {wording.shown(tag)}"
            message = f"has {which}; a topology is plain YAML"
            self._report(self._path(), message, "delete the tag", place, covers=True)

    def _report_key(self, place: Place) -> None:
        message = "has a mapping or a list as a key"
        hint = "write a word as the key; quote text in {{ … }}, and render templates first"
        # `{{ x }}` is a mapping with a mapping as a key: any other error about it is redundant.
        self._report(self._path(), message, hint, place, covers=not self._open[-1].node.keys)

    def _report(self, path: Path, message: str, hint: str, place: Place, *, covers: bool = False) -> None:
        self.issues.append(Issue(path, message, hint, covers=covers, place=place))

    def _count(self, nodes: int, place: Place) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            message = f"has more than {MOST_NODES:,} values with its aliases expanded"
            self._reject(place, message, "a topology of 1,000 services has 12,000")

    def _path(self) -> Path:
        """The path of the current node."""
        path: list[str | int] = []
        for frame in self._open:
            if not frame.mapping:
                path.append(len(frame.node.items))
            elif frame.key is not None and frame.key.name is not None:
                path.append(frame.key.name)
        return tuple(path)

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1) if mark is not None else Place(self._file, 0, 0)

    def _reject(self, place: Place, message: str, hint: str = "") -> NoReturn:
        raise TopologyError((*self.problems(), Issue(self._path(), message, hint).at(place)))
