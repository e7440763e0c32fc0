"""All migrations from Grafana 4's schema to the current one, in order, except those without effect here.

Omitted on purpose: 34 (CloudWatch statistics), because splitting such queries is out of scope.
"""

from __future__ import annotations

from collections.abc import Callable

from boxwatch.grafana.canonical import early, grid, late, mappings, sources
from boxwatch.grafana.tree import Node

Step = Callable[[Node, sources.Sources], None]

STEPS: tuple[tuple[int, Step], ...] = (
    (14, early.crosshair),
    (16, grid.from_rows),
    (17, early.per_row),
    (18, early.gauge_options),
    (19, early.panel_links),
    (20, early.words),
    (21, early.field_labels),
    (22, early.table_align),
    (23, early.current_of_multi),
    (24, early.old_tables),
    (26, early.text_panels),
    (27, early.constants),
    (28, early.variable_tags),
    (29, early.variable_refresh),
    (30, mappings.rename),
    (31, late.merge_labels),
    (33, sources.name_panels),
    (35, late.time_axis),
    (36, sources.name_everything),
    (37, late.legend),
    (38, late.cell_options),
    (39, late.sparkline_tables),
    (40, late.refresh),
    (41, late.time_options),
    (42, late.hidden_tooltips),
)
