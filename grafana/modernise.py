"""Modernising: any dashboard JSON, grafanalib's above all, as current Grafana would have saved it.

grafanalib 0.7.1 writes schema version 12, string data sources, null ids, the options of Grafana 6, and dozens of dead
keys. The steps here repair them; `boxwatch.grafana.canonical` then converts the result to the form that Grafana
stores. Modernising is idempotent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from boxwatch.grafana import tree
from boxwatch.grafana.canonical import form
from boxwatch.grafana.canonical.sources import Source
from boxwatch.grafana.repairs import (
    bargauge,
    dead,
    graph,
    inputs,
    legacy,
    page,
    panel,
    shape,
    stat,
    table,
    target,
    thresholds,
)
from boxwatch.grafana.tree import Node

SCHEMA_VERSION = form.SCHEMA_VERSION

# Repairs of the options by panel type. Other types keep theirs.
_BY_TYPE: dict[str, Callable[[Node], None]] = {
    "bargauge": bargauge.repair_bargauge,
    "gauge": bargauge.repair_gauge,
    "heatmap": graph.repair_heatmap,
    "stat": stat.repair_stat,
    "state-timeline": graph.repair_state_timeline,
    "status-history": graph.repair_status_history,
    "table": table.repair_table,
    "text": stat.repair_text,
    "timeseries": graph.repair_timeseries,
}


def modernise(dashboard: Mapping[str, object], sources: tuple[Source, ...] = ()) -> Node:
    """The dashboard in the current format and canonical form; the argument is not changed.

    Args:
        dashboard: dashboard JSON of any age.
        sources: the data sources of the target Grafana, which turn data source names into references.
    """
    made = tree.copy(dashboard)
    current = tree.number(made.get("schemaVersion")) >= dead.CURRENT and not tree.nodes(made.get("rows"))
    shape.settle(made)
    inputs.resolve(made)
    shape.unnest(made)
    page.before(made)
    for each in tree.panels(made):
        legacy.convert(each)
    made = form.settled(made, sources)
    page.repair(made, current=current)
    for each in tree.panels(made):
        _repair_panel(each, made, current=current)
    # Keys that the repairs emptied or left at their default are dropped, as Grafana does.
    return form.settled(made, sources)


def _repair_panel(each: Node, dashboard: Node, *, current: bool) -> None:
    if each.get("type") == "row":
        panel.repair_row(each)
        return
    if "libraryPanel" in each:
        return  # it is stored elsewhere
    target.repair(each, dashboard)
    if "autoMigrateFrom" in each:
        return  # the front end converts it from keys that are otherwise dead
    repair_type = _BY_TYPE.get(tree.text(each.get("type")))
    if repair_type is not None:
        repair_type(each)
    thresholds.repair(each)
    panel.repair(each, current=current)
