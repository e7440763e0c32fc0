"""The JSON does not have the shape of Grafana's current dashboards: a key is missing, null, or of the wrong type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import tree
from boxwatch.grafana.tree import node

ID = "dashboard_schema"

_NUMBER = (int, float)
# Key → its type, and whether it is required. Written from Grafana's documentation of the dashboard JSON model.
_DASHBOARD: dict[str, tuple[type | tuple[type, ...], bool]] = {
    "annotations": (dict, True),
    "description": (str, False),
    "editable": (bool, False),
    "fiscalYearStartMonth": (int, False),
    "graphTooltip": (int, False),
    "links": (list, False),
    "liveNow": (bool, False),
    "panels": (list, True),
    "refresh": (str, False),
    "schemaVersion": (int, True),
    "tags": (list, False),
    "templating": (dict, True),
    "time": (dict, False),
    "timepicker": (dict, False),
    "timezone": (str, False),
    "title": (str, True),
    "uid": (str, False),
    "weekStart": (str, False),
}
_PANEL: dict[str, tuple[type | tuple[type, ...], bool]] = {
    "description": (str, False),
    "fieldConfig": (dict, False),
    "gridPos": (dict, False),
    "id": (int, True),
    "interval": (str, False),
    "links": (list, False),
    "maxDataPoints": (_NUMBER, False),
    "options": (dict, False),
    "pluginVersion": (str, False),
    "repeat": (str, False),
    "targets": (list, False),
    "title": (str, False),
    "transformations": (list, False),
    "transparent": (bool, False),
    "type": (str, True),
}
_ROW: dict[str, tuple[type | tuple[type, ...], bool]] = {
    "collapsed": (bool, True),
    "id": (int, True),
    "panels": (list, True),
    "type": (str, True),
}
_VARIABLE: dict[str, tuple[type | tuple[type, ...], bool]] = {
    "current": (dict, False),
    "includeAll": (bool, False),
    "label": (str, False),
    "multi": (bool, False),
    "name": (str, True),
    "options": (list, False),
    "type": (str, True),
}
_WORDS: dict[type | tuple[type, ...], str] = {
    bool: "true or false",
    dict: "an object",
    int: "a whole number",
    list: "a list",
    str: "a string",
    _NUMBER: "a number",
}
# Obsolete since Grafana 5.
_DEAD = ("rows", "sharedCrosshair", "hideControls", "__inputs", "__requires")


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Every difference, each with its place."""
    for where, message in _differences(dashboard):
        yield Finding(file, where, ID, "error", message, "boxwatch modernise repairs most of these")


def _differences(dashboard: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    yield from _typed("", dashboard, _DASHBOARD)
    for key in _DEAD:
        if key in dashboard:
            yield "", f"no Grafana has read `{key}` since version 5"
    yield from _nulls("", dashboard)
    for variable in tree.variables(dashboard):
        where = f'variable "{tree.text(variable.get("name"))}"'
        yield from _typed(where, variable, _VARIABLE)
        yield from _source(where, variable)
    for annotation in tree.marks(dashboard):
        yield from _source(f'annotation "{tree.text(annotation.get("name"))}"', annotation)
    for panel in tree.panels(dashboard):
        where = tree.name(panel)
        yield from _typed(where, panel, _ROW if panel.get("type") == "row" else _PANEL)
        yield from _source(where, panel)
        for target in tree.targets(panel):
            yield from _source(f"{where} query {tree.text(target.get('refId'))}", target)
        yield from _field_config(where, panel)


def _typed(
    where: str, found: Mapping[str, object], wanted: Mapping[str, tuple[type | tuple[type, ...], bool]]
) -> Iterator[tuple[str, str]]:
    for key, (kind, needed) in wanted.items():
        value = found.get(key)
        if key not in found:
            if needed:
                yield where, f"`{key}` is missing"
        elif value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            yield where, f"`{key}` is not {_WORDS[kind]}"


def _nulls(where: str, value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        named = tree.name(value) if "type" in value and "gridPos" in value else where
        for key, inner in value.items():
            below = key if named != where or not path else f"{path}.{key}"
            if inner is None:
                yield named, f"`{below}` is null, and Grafana drops nulls"
            else:
                yield from _nulls(named, inner, below)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nulls(where, inner, f"{path}[{index}]")


def _source(where: str, holder: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    if isinstance(holder.get("datasource"), str):
        yield where, "`datasource` is a name; since Grafana 8.3 it is an object with type and uid"


def _field_config(where: str, panel: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    if "fieldConfig" not in panel:
        return
    field_config = node(panel["fieldConfig"])
    for key, kind in (("defaults", dict), ("overrides", list)):
        if not isinstance(field_config.get(key), kind):
            yield where, f"`fieldConfig.{key}` is not {_WORDS[kind]}"
    thresholds = node(field_config.get("defaults")).get("thresholds")
    if isinstance(thresholds, dict) and not isinstance(thresholds.get("steps"), list):
        yield where, "`fieldConfig.defaults.thresholds.steps` is not a list"
