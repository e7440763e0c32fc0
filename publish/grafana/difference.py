"""Differences between two dashboards, panel by panel, as short phrases."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from boxwatch.grafana import tree
from boxwatch.grafana.canonical import front_end
from boxwatch.grafana.tree import Node

_LONGEST = 40
_ABSENT = object()
_NO_DEFAULTS: Mapping[str, object] = MappingProxyType({})
_DEFAULTS: Mapping[str, Node] = {"templating": front_end.VARIABLE, "annotations": front_end.ANNOTATION}
_Panels = dict[tuple[str, int], Node]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing a write would change.

    Attributes:
        place: the panel's title; empty for the dashboard itself.
        what: a phrase such as `threshold 80 → 90`.
    """

    place: str
    what: str


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[Difference, ...]:
    """Differences from one canonical form to another, in panel order."""
    old, new = _panels(before), _panels(after)
    pairs = {key: key if key in old else _renamed(panel, old, new) for key, panel in new.items()}
    found = [Difference("", what) for what in dict.fromkeys(_whole(before, after))]
    for key, panel in new.items():
        known = pairs[key]
        what = _panel(old[known], panel) if known is not None else iter(("added",))
        found += [Difference(key[0], word) for word in dict.fromkeys(what)]
    found += [Difference(key[0], "removed") for key in old if key not in pairs.values()]
    if not found and before != after:
        found.append(Difference("", "order of panels changed"))
    return tuple(found)


def lines(name: str, found: tuple[Difference, ...]) -> Iterator[str]:
    """One line per panel: `overview / Memory by service: threshold 80 → 90, query changed`."""
    for place in dict.fromkeys(difference.place for difference in found):
        what = ", ".join(difference.what for difference in found if difference.place == place)
        yield f"{name} / {place}: {what}" if place else f"{name}: {what}"


def _panels(dashboard: Mapping[str, object]) -> _Panels:
    """Panels by title, since ids may be reassigned; repeated titles are numbered."""
    made: _Panels = {}
    seen: Counter[str] = Counter()
    for panel in tree.panels(dashboard):
        title = tree.text(panel.get("title")) or f"{tree.text(panel.get('type')) or 'panel'} without a title"
        made[title, seen[title]] = panel
        seen[title] += 1
    return made


def _renamed(panel: Node, old: _Panels, new: _Panels) -> tuple[str, int] | None:
    """The old panel of the same id and type whose title is gone, if there is one."""
    same = [key for key, other in old.items() if all(other.get(part) == panel.get(part) for part in ("id", "type"))]
    return same[0] if same and same[0] not in new else None


def _whole(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    for key in sorted({*before, *after} - {"panels"}):
        if key in ("templating", "annotations"):
            yield from _named(key, before.get(key), after.get(key))
        else:
            yield from _values((key,), before.get(key, _ABSENT), after.get(key, _ABSENT))


def _named(key: str, before: object, after: object) -> Iterator[str]:
    word = {"templating": "variable", "annotations": "annotation"}[key]
    old, new = (
        {str(item.get("name")): item for item in tree.nodes(tree.node(side).get("list"))} for side in (before, after)
    )
    for name in dict.fromkeys((*old, *new)):
        if name not in old:
            yield f"{word} {name} added"
        elif name not in new:
            yield f"{word} {name} removed"
        else:
            yield from _of_one(f"{word} {name}", old[name], new[name], _DEFAULTS[key])


def _of_one(what: str, old: Node, new: Node, defaults: Node) -> Iterator[str]:
    """Changes of a variable or annotation: query, selection, options."""
    if old == new:
        return
    found = [word for key in sorted({*old, *new}) for word in _values((key,), *_sides(key, old, new, defaults))]
    # `definition` is the editor's copy of the query.
    if any(word.startswith("query") for word in found):
        found = [word for word in found if not word.startswith("definition")]
    yield f"{what}: {', '.join(found) or 'order of values changed'}"


def _sides(key: str, old: Node, new: Node, defaults: Mapping[str, object]) -> tuple[object, object, Node]:
    """Both values at a key, with defaults filled in, and the nested defaults."""
    default = defaults.get(key, _ABSENT)
    before, after = old.get(key, default), new.get(key, default)
    if isinstance(default, dict):
        before, after = old.get(key, {}), new.get(key, {})
    return before, after, tree.node(default)


def _panel(before: Node, after: Node) -> Iterator[str]:
    for key in sorted({*before, *after} - {"panels", "id"}):
        old, new = before.get(key, _ABSENT), after.get(key, _ABSENT)
        if old == new:
            continue
        if key == "gridPos":
            yield from _place(tree.node(old), tree.node(new))
        elif key == "targets":
            yield "query changed"
        elif key == "fieldConfig":
            custom, colour = _defaults(after, front_end.CUSTOM), _defaults(after, front_end.COLOUR)
            defaults = {**front_end.FIELD, **colour, "custom": custom}
            yield from _fields(tree.node(old), tree.node(new), defaults)
        elif key == "options":
            yield from _values((key,), *_sides(key, before, after, {key: _defaults(after, front_end.OPTIONS)}))
        else:
            yield from _values((key,), old, new)


def _defaults(panel: Node, of: Mapping[str, Node]) -> Node:
    return of.get(tree.text(panel.get("type")), {})


def _place(old: Node, new: Node) -> Iterator[str]:
    if any(old.get(key) != new.get(key) for key in ("x", "y")):
        yield "moved"
    if any(old.get(key) != new.get(key) for key in ("w", "h")):
        yield "resized"


def _fields(old: Node, new: Node, defaults: Node) -> Iterator[str]:
    before, after = dict(tree.node(old.get("defaults"))), dict(tree.node(new.get("defaults")))
    first, second = (tree.node(side.pop("thresholds", front_end.THRESHOLDS)) for side in (before, after))
    if first != second:
        yield from _thresholds(first, second)
    for key in sorted({*before, *after}):
        yield from _values((key,), *_sides(key, before, after, defaults))
    if (old.get("overrides") or []) != (new.get("overrides") or []):
        yield "overrides changed"


def _thresholds(old: Node, new: Node) -> Iterator[str]:
    steps = [[step.get("value") for step in tree.nodes(side.get("steps"))] for side in (old, new)]
    changed = [pair for pair in zip(*steps, strict=False) if pair[0] != pair[1]]
    if len(steps[0]) == len(steps[1]) and changed:
        for before, after in changed:
            yield f"threshold {_show(before)} → {_show(after)}"
    else:
        yield "thresholds changed"


def _values(
    path: tuple[str, ...], old: object, new: object, defaults: Mapping[str, object] = _NO_DEFAULTS
) -> Iterator[str]:
    """Differing leaf values, with defaults filled in; lists are compared as a whole."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _values((*path, key), *_sides(key, old, new, defaults))
        return
    name = ".".join(path)
    shown = [_show(value) for value in (old, new)]
    if any(isinstance(value, dict | list) for value in (old, new)) or max(map(len, shown)) > _LONGEST:
        yield f"{name} changed"
    else:
        yield f"{name} {shown[0]} → {shown[1]}"


def _show(value: object) -> str:
    if value is _ABSENT or value is None:
        return "none"
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, default=str)
