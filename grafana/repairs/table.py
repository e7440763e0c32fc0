"""Repairs of table panels."""

from __future__ import annotations

from boxwatch.grafana.canonical import late
from boxwatch.grafana.canonical.sources import Sources
from boxwatch.grafana.repairs.stat import fill, forget
from boxwatch.grafana.tree import Node, child


def repair_table(panel: Node) -> None:
    """Drop the old table's colours, columns and mappings, and make the cell display mode an object."""
    defaults = child(child(panel, "fieldConfig"), "defaults")
    mappings = panel.pop("mappings", None)
    if isinstance(mappings, list) and mappings:
        defaults.setdefault("mappings", mappings)
    colour = panel.pop("color", None)
    if isinstance(colour, dict) and colour.get("mode"):
        defaults.setdefault("color", colour)
    late.cell_options({"panels": [panel]}, Sources())
    custom = child(defaults, "custom")
    # The schema requires both of these in a non-empty `custom`.
    fill(custom, {"align": "auto", "inspect": False})
    forget(custom, {"cellOptions": {"type": "auto"}, "filterable": False})
    if custom == {"align": "auto", "inspect": False}:
        del defaults["custom"]
    options = child(panel, "options")
    fill(options, {"frameIndex": 0, "showHeader": True})
    forget(options, {"cellHeight": "sm"})
    if options.get("sortBy") == []:
        del options["sortBy"]
