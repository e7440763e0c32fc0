"""modernise(dashboard): anybody's dashboard JSON, grafanalib's first of all, as current Grafana would have saved it.

grafanalib 0.7.1 writes schema version 12, string data sources, null ids, the options of Grafana 6, and dozens of keys
that nothing reads. The steps here repair that; `boxwatch.grafana.canonical` then brings the result into the form in
which Grafana stores it. Modernising twice is modernising once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from boxwatch.grafana import tree
from boxwatch.grafana.canonical import form
from boxwatch.grafana.canonical.sources import Source
from boxwatch.grafana.repairs import bargauge, graph, legacy, page, panel, shape, stat, table, target, thresholds
from boxwatch.grafana.tree import Node

SCHEMA_VERSION = form.SCHEMA_VERSION

# What makes the options of a type current. Types that are not listed keep theirs.
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
    """The dashboard with current shapes, in canonical form; the argument is left as it is.

    Args:
        dashboard: dashboard JSON of any age.
        sources: the data sources of the Grafana that is meant, so that names of data sources become references.
    """
    made = tree.copy(dashboard)
    shape.settle(made)
    page.before(made)
    for each in tree.panels(made):
        legacy.convert(each)
    made = form.settled(made, sources)
    page.repair(made)
    for each in tree.panels(made):
        _repair_panel(each, made)
    # What the repairs emptied or left at its default is dropped as Grafana drops it.
    return form.settled(made, sources)


def _repair_panel(each: Node, dashboard: Node) -> None:
    if each.get("type") == "row":
        panel.repair_row(each)
        return
    if "libraryPanel" in each:
        return  # it is kept elsewhere
    target.repair(each, dashboard)
    if "autoMigrateFrom" in each:
        return  # the frontend converts it from keys that we would call dead
    repair_type = _BY_TYPE.get(tree.text(each.get("type")))
    if repair_type is not None:
        repair_type(each)
    thresholds.repair(each)
    panel.repair(each)
