"""The keys that modernising dropped from a dashboard, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from boxwatch.grafana import tree
from boxwatch.grafana.repairs import dead, legacy
from boxwatch.grafana.tree import Node, node, nodes, text

_UNKNOWN = "unknown to current Grafana, in a page of an older one"
_CONVERTED = "converted to the options of its present type"
_MOVED = "moved to its present place"
# Left out by Grafana where they say what it assumes anyway: a source of a query that is its panel's, a direction
# without a repetition, fields without a setting.
_ASSUMED = frozenset({"datasource", "fieldConfig", "gridPos", "maxPerRow", "pluginVersion", "repeatDirection"})
_NOTHING: tuple[object, ...] = (None, "", [], {}, False)
# Keys that have another place in the result (canonical/early.py, repairs/): they are not lost.
_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("content", "mode", "mappings", "color", "limit", "tags", "matchAny", "sharedCrosshair"), _MOVED),
    **dict.fromkeys(("yAxis", "xAxis", "cards", "dataFormat", "tooltip", "legend", "hideZeroBuckets"), _CONVERTED),
    **dict.fromkeys(("reverseYBuckets", "yBucketBound", "highlightCards", "span", "height", "minSpan"), _CONVERTED),
}


@dataclass(frozen=True, slots=True, order=True)
class Loss:
    """A key that the result does not have.

    Attributes:
        where: `dashboard`, `panel "Memory"`, `variable server` or `annotation Deploys`.
        key: the key.
        reason: why it is gone.
    """

    where: str
    key: str
    reason: str


def losses(given: Mapping[str, object], made: Mapping[str, object]) -> tuple[Loss, ...]:
    """Compares a dashboard with what modernising made of it. Keys that say nothing are left out."""
    found = [
        *_of("dashboard", given, made, dead.DASHBOARD),
        *_of("timepicker", node(given.get("timepicker")), node(made.get("timepicker")), dead.TIMEPICKER),
    ]
    panels = {each.get("id"): each for each in tree.panels(made)}
    for panel in _panels(given):
        now = panels.get(panel.get("id"))
        if now is not None and panel.get("type") != "row":
            found += _of_panel(panel, now)
    variables = {each.get("name"): each for each in tree.variables(made)}
    for variable in tree.variables(given):
        where = f"variable {text(variable.get('name'))}"
        found += _of(where, variable, variables.get(variable.get("name"), {}), dead.VARIABLE)
    annotations = {each.get("name"): each for each in tree.marks(made)}
    for annotation in tree.marks(given):
        where = f"annotation {text(annotation.get('name'))}"
        found += _of(where, annotation, annotations.get(annotation.get("name"), {}), {})
    return tuple(dict.fromkeys(found))


def _panels(given: Mapping[str, object]) -> Iterator[Node]:
    """All panels, also those in rows of Grafana 4."""
    yield from tree.panels(given)
    for row in nodes(given.get("rows")):
        yield from nodes(row.get("panels"))


def _of_panel(panel: Node, now: Node) -> Iterator[Loss]:
    converted = panel.get("type") != now.get("type") and "autoMigrateFrom" not in now
    reasons = dict(dead.PANEL)
    if converted:
        reasons |= dict.fromkeys((*legacy.OF_GRAPH, *legacy.OF_SINGLESTAT), _CONVERTED)
    yield from _of(tree.name(panel), panel, now, reasons)
    fields, current = (node(node(each.get("fieldConfig")).get("defaults")) for each in (panel, now))
    # A default that is not stated is none; what is dropped as one is a single value.
    unknown = {key: value for key, value in fields.items() if key in dead.FIELD}
    yield from _of(tree.name(panel), unknown, current, dead.FIELD)


def _of(
    where: str, given: Mapping[str, object], made: Mapping[str, object], reasons: Mapping[str, str]
) -> Iterator[Loss]:
    for key, value in given.items():
        if key in made or value in _NOTHING or key in _ASSUMED:
            continue
        reason = reasons.get(key) or dead.EVERYWHERE.get(key) or _ELSEWHERE.get(key) or _UNKNOWN
        yield Loss(where, key, reason)
