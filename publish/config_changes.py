"""Differences between two configuration files, item by item, as short phrases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.publish.compare import parsed
from boxwatch.publish.rule_changes import Change, fields

# Keys that identify an item of a list.
_NAMES = ("job_name", "name")


def changes(file: str, old: bytes | None, new: bytes | None) -> Iterator[Change]:
    """All differences between two versions of a file: `prometheus.yml / cadvisor: metric_relabel_configs changed`."""
    if old == new:
        return
    if old is None or new is None:
        yield Change("added" if old is None else "removed", file)
        return
    before, after = parsed(old), parsed(new)
    found = False
    for change in _changes(file, before, after):
        found = True
        yield change
    if not found:
        yield Change("changed", file, details=("comments or layout changed",))


def _changes(file: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Change]:
    for key in {**before, **after}:
        old, new = _items(before.get(key)), _items(after.get(key))
        if old is None or new is None:
            if details := tuple(fields(_of(before, key), _of(after, key))):
                yield Change("changed", file, details=details)
            continue
        for name, item in new.items():
            if name not in old:
                yield Change("added", file, name)
            elif details := tuple(fields(old[name], item)):
                yield Change("changed", file, name, details)
        yield from (Change("removed", file, name) for name in old if name not in new)


def _of(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    return {key: document[key]} if key in document else {}


def _items(value: object) -> dict[str, Mapping[str, object]] | None:
    """The items of a list by name, or of a map of maps; None for anything else."""
    if isinstance(value, Mapping) and value and all(isinstance(item, Mapping) for item in value.values()):
        return {str(name): item for name, item in value.items()}
    if not isinstance(value, list):
        return None if value is not None else {}
    made: dict[str, Mapping[str, object]] = {}
    for item in value:
        name = next((str(item[key]) for key in _NAMES if isinstance(item, Mapping) and key in item), None)
        if name is None:
            return None
        made[name] = item
    return made
