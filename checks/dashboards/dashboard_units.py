"""A panel has no unit for its numbers, or one that Grafana does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.dashboards.grafana_units import FREE_FORMS, UNITS
from boxwatch.checks.finding import Finding
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node, node, nodes

ID = "dashboard_units"

_WITH_NUMBERS = frozenset({"bargauge", "barchart", "gauge", "heatmap", "histogram", "stat", "table", "timeseries"})


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Value mappings and text fields need no unit; units in overrides are checked too."""
    for panel in tree.plots(dashboard):
        if tree.text(panel.get("type")) not in _WITH_NUMBERS:
            continue
        said = [unit for unit in _units(panel) if unit]
        if not said and not _says_words(panel):
            hint = 'set fieldConfig.defaults.unit; "none" or "short" for plain counts'
            yield Finding(file, tree.name(panel), ID, "warning", "the panel has no unit", hint)
        for unit in dict.fromkeys(said):
            if unit not in UNITS and not unit.startswith(FREE_FORMS):
                yield Finding(file, tree.name(panel), ID, "error", f"Grafana knows no unit {unit!r}")


def _units(panel: Node) -> Iterator[str]:
    field_config = node(panel.get("fieldConfig"))
    yield tree.text(node(field_config.get("defaults")).get("unit"))
    for override in nodes(field_config.get("overrides")):
        for prop in nodes(override.get("properties")):
            if prop.get("id") == "unit":
                yield tree.text(prop.get("value"))


def _says_words(panel: Node) -> bool:
    defaults = node(node(panel.get("fieldConfig")).get("defaults"))
    shows_text = tree.text(node(node(panel.get("options")).get("reduceOptions")).get("fields"))
    return bool(defaults.get("mappings")) or (panel.get("type") == "stat" and bool(shows_text))
