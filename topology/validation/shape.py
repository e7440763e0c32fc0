"""Checks on the document's shape, which the models cannot see: empty values, misplaced names, keys for anchors.

A section whose content is entirely commented out counts as absent. An empty value anywhere else is an error, because
the intent is unclear.
"""

from __future__ import annotations

from boxwatch.errors import TopologyError
from boxwatch.topology.reading.document import Document, Path
from boxwatch.topology.reading.problems import Issue
from boxwatch.topology.wording import kind_of

# As in Docker Compose: top-level keys with this prefix are free for anchors.
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


def settle(document: Document) -> tuple[dict[str, object], list[Issue]]:
    """The value for the models to validate, and the issues they would not see.

    Raises:
        TopologyError: the document is not a mapping.
    """
    if not isinstance(document.value, dict):
        message = f"is {kind_of(document.value)}, not a mapping"
        issue = Issue((), message, "start with `name:`, `servers:` and `services:`")
        raise TopologyError((issue.problem(document.places),))
    issues: list[Issue] = []
    own = {key: value for key, value in document.value.items() if not key.startswith(OWN_PREFIX)}
    return dict(_mapping(own, (), issues)), issues


def _mapping(value: dict[str, object], path: Path, issues: list[Issue]) -> list[tuple[str, object]]:
    kept: list[tuple[str, object]] = []
    for key, inner in value.items():
        here = (*path, key)
        if inner is None:
            if _is_body(here):
                kept.append((key, None))
            if ":" in key:
                issues.append(Issue(here, "has no space after its colon", "write `key: value`", covers=True))
            elif key not in MAY_BE_EMPTY or _is_body(here):
                issues.append(Issue(here, "is empty", _what_belongs(here), covers=True))
        elif key == "name" and _is_body(path):
            message = "repeats the key above" if inner == path[-1] else "contradicts the key above"
            issues.append(Issue(here, message, f"delete it: the name is `{path[-1]}`", at_key=True, covers=True))
        else:
            kept.append((key, _inner(inner, here, issues)))
    return kept


def _inner(value: object, path: Path, issues: list[Issue]) -> object:
    if isinstance(value, dict):
        return dict(_mapping(value, path, issues))
    if isinstance(value, list):
        for index, item in enumerate(value):
            if item is None:
                issues.append(Issue((*path, index), "is empty", "write a value, or delete the dash", covers=True))
        return [_inner(item, (*path, index), issues) for index, item in enumerate(value)]
    return value


def _is_body(path: Path) -> bool:
    """Whether the path leads to one server or one service."""
    return len(path) == 2 and path[0] in _NAMED and isinstance(path[1], str)  # noqa: PLR2004 - section and name


def _what_belongs(path: Path) -> str:
    if len(path) == 1 and path[0] in _NAMED:
        return "name at least one"
    if _is_body(path):
        needed = "cpus, memory and disk" if path[0] == "servers" else "kind, server and memory"
        return f"write at least {needed}"
    return "write a value, or delete the line"
