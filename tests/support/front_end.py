"""Simulates a save in Grafana's front end, which writes out every default (observed on the real one)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

from boxwatch.grafana import tree
from boxwatch.grafana.canonical import front_end

Path = tuple[str, ...]
_FIELDS: Final = ("fieldConfig", "defaults")
# Where a panel has its defaults → type of panel → the defaults.
TABLES: Final[Mapping[Path, Mapping[str, dict[str, object]]]] = {
    ("options",): front_end.OPTIONS,
    _FIELDS: front_end.COLOUR,
    (*_FIELDS, "custom"): front_end.CUSTOM,
}


def leaves(table: Mapping[str, object], above: Path = ()) -> Iterator[tuple[Path, object]]:
    """Path and value of every default."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key), value


def put(target: dict[str, Any], path: Path, value: object, *, over: bool = True) -> None:
    """Set a value at a path; without `over`, only if it is empty."""
    for key in path[:-1]:
        target = target.setdefault(key, {})
    if over or path[-1] not in target:
        target[path[-1]] = value


def save(dashboard: Mapping[str, object]) -> dict[str, Any]:
    """The stored dashboard after "Make editable" and "Save"."""
    made: dict[str, Any] = copy.deepcopy(dict(dashboard))
    made |= {"editable": True, "preload": False}
    for annotation in tree.marks(made):
        annotation.setdefault("hide", False)
    for variable in tree.variables(made):
        _variable(variable)
    for panel in tree.panels(made):
        if panel.get("type") != "row":
            _panel(panel)
    return made


def _variable(variable: dict[str, Any]) -> None:
    for key, default in (("hide", 0), ("multi", False)):
        if variable.get(key) == default:
            del variable[key]
    if variable.get("type") == "datasource":
        variable.pop("sort", None)
        variable["refresh"] = 1
    else:
        variable.setdefault("regexApplyTo", "value")


def _panel(panel: dict[str, Any]) -> None:
    kind = str(panel.get("type"))
    panel["pluginVersion"] = "12.9.0"
    for place, tables in TABLES.items():
        for path, value in leaves(tables.get(kind, {})):
            # Colours have modes of which each has its own keys: a default is all or nothing.
            if place != _FIELDS or "color" not in panel.get("fieldConfig", {}).get("defaults", {}):
                put(panel, (*place, *path), copy.deepcopy(value), over=False)
    fields = panel.get("fieldConfig", {}).get("defaults")
    if not isinstance(fields, dict):
        return
    if kind == "heatmap":
        fields.pop("thresholds", None)
    else:
        fields.setdefault("mappings", [])
    steps = tree.nodes(tree.node(fields.get("thresholds")).get("steps"))
    if steps:
        steps[0]["value"] = 0
