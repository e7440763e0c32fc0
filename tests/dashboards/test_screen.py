"""What only a browser shows, measured from the JSON: texts, columns and legends at 1366 and 1920 pixels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count

import pytest
from support import inter
from support.topologies import complete

from boxwatch.dashboards import catalogue
from boxwatch.dashboards.panels import screen
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node, node, nodes, text
from boxwatch.rules import catalogue as rules

# Grafana 12.4: the font sizes of titles, columns and legends, and the space around them. The (i) of the description
# stands beside the title.
_TITLE, _HEAD, _LEGEND = 14, 14, 12
_AROUND, _ICON, _CELL, _ARROW, _SCROLL = 16, 28, 12, 18, 10
# A column without a width of its own shows at least the beginning of a name.
_LEAST_COLUMN = 100
# A big number and its name shrink until they fit; smaller than this they cannot be read.
_LEAST_FONT = 10
_STAT = 24
_PHONE = 414


def _ours() -> Iterator[tuple[str, Node]]:
    for name, data in catalogue.files(rules.build(complete())).items():
        for panel in tree.plots(json.loads(data)):
            yield f"{name}: {tree.name(panel)}", panel


_PANELS = dict(_ours())


def _columns(panel: Node) -> int:
    return int(tree.number(node(panel["gridPos"])["w"]))


def _of_type(kind: str) -> list[tuple[str, Node]]:
    return [(name, panel) for name, panel in _PANELS.items() if panel["type"] == kind]


@pytest.mark.parametrize("width", [screen.NARROW, screen.WIDE])
def test_titles_are_complete(width: int) -> None:
    """Cut off, "Incompl…" and "Least h…" said nothing, on a laptop with Grafana's menu open."""
    for name, panel in _PANELS.items():
        room = screen.panel_width(_columns(panel), width) - _AROUND - _ICON
        needed = inter.width(text(panel["title"]), _TITLE, medium=True)
        assert needed <= room, f"{name}: the title needs {needed:.0f} of {room} pixels"


def _overrides(panel: Node) -> dict[str, dict[str, object]]:
    return {
        text(node(override["matcher"])["options"]): {
            text(each["id"]): each["value"] for each in nodes(override["properties"])
        }
        for override in nodes(node(panel["fieldConfig"])["overrides"])
    }


def _heads(panel: Node) -> list[str]:
    organise = next(each for each in nodes(panel["transformations"]) if each["id"] == "organize")
    return [text(head) for head in node(node(organise["options"])["renameByName"]).values()]


def test_all_columns_of_a_table_fit() -> None:
    """Deployments lost *Ended* and *Took*, and other tables their last columns."""
    assert _of_type("table")
    for name, panel in _of_type("table"):
        overrides = _overrides(panel)
        widths = [overrides.get(head, {}).get("custom.width", _LEAST_COLUMN) for head in _heads(panel)]
        needed = sum(tree.number(width) for width in widths)
        room = screen.panel_width(_columns(panel), screen.NARROW) - _AROUND - _SCROLL
        assert needed <= room, f"{name}: the columns need {needed:.0f} of {room} pixels"


def test_heads_of_columns_fit_their_width() -> None:
    """The heading "95% of the week" was read as "5% of the week"."""
    for name, panel in _of_type("table"):
        sorted_by = {text(each["displayName"]) for each in nodes(node(panel["options"])["sortBy"])}
        for head in _heads(panel):
            width = tree.number(_overrides(panel).get(head, {}).get("custom.width", _LEAST_COLUMN))
            needed = inter.width(head, _HEAD, medium=True) + _CELL + (_ARROW if head in sorted_by else 0)
            assert width >= needed, f"{name}: {head!r} needs {needed:.0f} of {width:.0f} pixels"


def test_durations_fit_their_column() -> None:
    """Two units take more room than one."""
    for name, panel in _of_type("table"):
        for head, properties in _overrides(panel).items():
            if properties.get("unit") == "dtdurations":
                needed = inter.width("6 days, 23 hours", _HEAD) + _CELL
                assert tree.number(properties["custom.width"]) >= needed, f"{name}: {head}"
                assert properties["decimals"] == 1, f"{name}: {head}"


def _longest(panel: Node) -> str:
    """The longest of the texts that a stat is likely to show as its value."""
    defaults = node(node(panel["fieldConfig"])["defaults"])
    unit = text(defaults["unit"])
    said = [string for mapping in nodes(defaults.get("mappings")) for string in _texts(mapping)]
    usual = {"dtdurations": "29 days, 23 hours", "percentunit": "99.9%", "bytes": "1023 GiB"}.get(unit, "9999")
    return max((*said, usual), key=lambda each: inter.width(each, 1, medium=True))


def _texts(mapping: Node) -> Iterator[str]:
    for option in (node(mapping.get("options")), *map(node, node(mapping.get("options")).values())):
        if text(node(option.get("result")).get("text") or option.get("text")):
            yield text(node(option.get("result")).get("text") or option.get("text"))


def test_big_numbers_are_readable() -> None:
    """On a laptop with the menu open, each text of a stat gets at least ten pixels."""
    assert len(_of_type("stat")) > 30
    for name, panel in _of_type("stat"):
        if node(panel["options"])["textMode"] == "name":
            continue
        room = screen.panel_width(_columns(panel), screen.NARROW) - _STAT
        # With a name below, or several values side by side, all have the same width: stats are vertical.
        size = room / inter.width(_longest(panel), 1, medium=True)
        assert size >= _LEAST_FONT, f"{name}: {_longest(panel)!r} gets {size:.1f} pixels"


def test_the_first_row_is_readable_on_a_phone() -> None:
    """There each panel takes the whole width; an alert at night is read there first."""
    for name, panel in _PANELS.items():
        if node(panel["gridPos"])["y"] == 0 and panel["type"] == "stat":
            room = _PHONE - _STAT - _AROUND
            assert inter.width(text(panel["title"]), _TITLE, medium=True) + _ICON <= room, name
            assert room / inter.width(_longest(panel), 1, medium=True) >= 20, name


# Names of unknown length count as this one, and queries that return many series as eight: more are cut off.
_NAME, _MOST = "a-long-name-1", 8
_LABEL = re.compile(r"\{\{\s*\w+\s*\}\}")
_ENTRY, _ROW_HEIGHT = 34, 22


def _rows_of_legend(panel: Node) -> int:
    room = screen.panel_width(_columns(panel), screen.NARROW) - _AROUND
    rows, used = 1, 0.0
    for target in tree.targets(panel):
        legend = text(target.get("legendFormat"))
        several = "{{" in legend and not re.fullmatch(r"[^{]*\{\{(service|server|component)\}\}[^{]*", legend)
        for _ in range(_several(legend) if several else 1):
            needed = inter.width(_LABEL.sub(_NAME, legend), _LEGEND) + _ENTRY
            if used + needed > room and used:
                rows, used = rows + 1, 0.0
            used += needed
    return rows


def _several(legend: str) -> int:
    """Servers usually have two or three disks, and few other things more than four at a time."""
    return 2 if "device" in legend else 4


def test_legends_leave_two_thirds_of_a_panel_to_the_data() -> None:
    """Legends of a dozen entries ate their graph. Below it, Grafana scrolls a legend beyond 35% of the height."""
    for name, panel in _of_type("timeseries"):
        legend = node(node(panel["options"])["legend"])
        width = screen.panel_width(_columns(panel), screen.NARROW)
        if legend["placement"] == "right":
            assert tree.number(legend["width"]) <= width / 3, name
            continue
        content = tree.number(node(panel["gridPos"])["h"]) * 38 - 8 - 40 - _AROUND
        assert legend["calcs"] == [], name
        assert min(_rows_of_legend(panel) * _ROW_HEIGHT, 0.35 * content) <= 0.36 * content, name


def test_a_query_for_a_graph_returns_a_bounded_number_of_series() -> None:
    """What has as many values as there are containers, tables or queues is cut to the largest ones."""
    unbounded = re.compile(r"\{\{(queue|relname|cmd|router|mode|type|err|api|integration|phase|cpu|sensor)\}\}")
    bounded = ("topk(", "phase", "rabbitmq_queue", "redis_errors_total", "pg_stat_activity", "cpu_by_mode")
    for name, panel in _of_type("timeseries"):
        for target in tree.targets(panel):
            if unbounded.search(text(target.get("legendFormat"))):
                assert any(each in text(target["expr"]) for each in bounded) or "node_cpu" in text(target["expr"]), name


def test_the_largest_are_the_same_over_the_whole_range() -> None:
    """Topk at each step shows more lines than it says, each with gaps."""
    seen = count()
    for name, panel in _of_type("timeseries"):
        for target in tree.targets(panel):
            if "topk(" in text(target["expr"]):
                next(seen)
                assert "@ end()" in text(target["expr"]), name
    assert next(seen) > 10


def test_counts_and_rates_have_units_of_their_own() -> None:
    """The unit of "12 c/s" said neither what is counted nor that it is a rate; cores had no unit."""
    for name, panel in _PANELS.items():
        strings = set(tree.strings(node(panel["fieldConfig"])))
        assert not strings & {"cps", "ops", "wps", "rps", "mps"}, name
        unit = text(node(node(panel["fieldConfig"])["defaults"]).get("unit"))
        if panel["type"] == "timeseries" and unit in ("none", "short"):
            # A share of two rates has no unit either; a disk's queue is a rate by its definition.
            rates = [text(target["expr"]) for target in tree.targets(panel)]
            plain = [rate for rate in rates if re.search(r"\brate\(", rate) and "/" not in rate]
            assert plain == [], f"{name} shows a rate without saying so"


def test_durations_have_two_units() -> None:
    """171 s read as "2 minutes", and 40 days as "1 month"."""
    found = [
        panel for panel in _PANELS.values() if node(node(panel["fieldConfig"])["defaults"]).get("unit") == "dtdurations"
    ]
    assert len(found) > 8
    assert {node(node(panel["fieldConfig"])["defaults"])["decimals"] for panel in found} == {1}


def test_thresholds_of_graphs_are_drawn_by_grafana_and_stretch_no_axis() -> None:
    """A threshold drawn as a query flattened the data, and stayed when they were missing."""
    drawn = 0
    for name, panel in _of_type("timeseries"):
        defaults = node(node(panel["fieldConfig"])["defaults"])
        steps = nodes(node(defaults["thresholds"])["steps"])
        if "thresholdsStyle" in node(defaults["custom"]):
            drawn += 1
            assert steps[0]["color"] == "transparent", name
            soft = node(defaults["custom"]).get("axisSoftMax", 0)
            assert "max" not in defaults or "Time until" in name, name
            assert tree.number(soft) <= 1, name
        else:
            assert len(steps) == 1, f"{name} has thresholds that nothing shows"
    assert drawn > 20
