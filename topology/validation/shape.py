"""What the models cannot see: keys without a value, names in the wrong place, and places for anchors.

A section that is empty because everything in it is commented out is as good as absent. An empty value elsewhere is a
mistake, because it says nothing about what was meant.
"""

from __future__ import annotations

from boxwatch.errors import TopologyError
from boxwatch.topology.reading.document import Document, Path
from boxwatch.topology.reading.problems import Mistake
from boxwatch.topology.wording import kind_of

# As in Docker Compose: top-level keys with this prefix are yours, for anchors.
OWN_PREFIX = "x-"

MAY_BE_EMPTY = frozenset(
    {
        "thresholds",
        "alerts",
        "urls",
        "containers",
        "ports",
        "exporters",
        "objectives",
        "stack",
        "rules",
        "notifications",
        "quiet",
    }
)
_NAMED = frozenset({"servers", "services"})


def settle(document: Document) -> tuple[dict[str, object], list[Mistake]]:
    """The value that the models are to check, and what is wrong that they would not see.

    Raises:
        TopologyError: the document is no mapping.
    """
    if not isinstance(document.value, dict):
        message = f"is {kind_of(document.value)}, and a topology is a mapping"
        mistake = Mistake((), message, "start with `name:`, `servers:` and `services:`")
        raise TopologyError((mistake.problem(document.places),))
    mistakes: list[Mistake] = []
    own = {key: value for key, value in document.value.items() if not key.startswith(OWN_PREFIX)}
    return dict(_mapping(own, (), mistakes)), mistakes


def _mapping(value: dict[str, object], path: Path, mistakes: list[Mistake]) -> list[tuple[str, object]]:
    kept: list[tuple[str, object]] = []
    for key, inner in value.items():
        here = (*path, key)
        if inner is None:
            if _is_body(here):
                kept.append((key, None))
            if ":" in key:
                mistakes.append(Mistake(here, "has no space after its colon", "write `key: value`", covers=True))
            elif key not in MAY_BE_EMPTY or _is_body(here):
                mistakes.append(Mistake(here, "is empty", _what_belongs(here), covers=True))
        elif key == "name" and _is_body(path):
            message = "is the key above already" if inner == path[-1] else "would be a second name"
            mistakes.append(Mistake(here, message, f"delete it: the name is `{path[-1]}`", at_key=True, covers=True))
        else:
            kept.append((key, _inner(inner, here, mistakes)))
    return kept


def _inner(value: object, path: Path, mistakes: list[Mistake]) -> object:
    if isinstance(value, dict):
        return dict(_mapping(value, path, mistakes))
    if isinstance(value, list):
        for index, item in enumerate(value):
            if item is None:
                mistakes.append(Mistake((*path, index), "is empty", "write a value, or delete the dash", covers=True))
        return [_inner(item, (*path, index), mistakes) for index, item in enumerate(value)]
    return value


def _is_body(path: Path) -> bool:
    """Whether the path is that of one server or one service."""
    return len(path) == 2 and path[0] in _NAMED and isinstance(path[1], str)  # noqa: PLR2004 - section and name


def _what_belongs(path: Path) -> str:
    if len(path) == 1 and path[0] in _NAMED:
        return "name at least one"
    if _is_body(path):
        needed = "cpus, memory and disk" if path[0] == "servers" else "kind, server and memory"
        return f"say at least {needed}"
    return "write a value, or delete the line"
