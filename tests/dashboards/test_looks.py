"""Visual faults found in a real Grafana (12.4, 1920 and 1366 pixels wide) that must not return."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support import boards
from support.topologies import a_service, complete

from boxwatch.dashboards import catalogue
from boxwatch.dashboards.panels import colours, field_config, scale
from boxwatch.dashboards.panels.panel import Graph, Query
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node, node, nodes
from boxwatch.rules import catalogue as rules

# Half of the grid. In less space, a legend table next to the lines leaves them no room and cuts off its own last
# column.
_HALF = 12
# Pixels of column headings in Grafana 12.4, average letters, and the arrow of a sorted column.
_LETTER, _PADDING, _ARROW = 6.5, 12, 18


@pytest.fixture(scope="module")
def ours() -> dict[str, Node]:
    """Every existing dashboard."""
    return {name: json.loads(text) for name, text in catalogue.files(rules.build(complete())).items()}


def _panels(ours: dict[str, Node], kind: str) -> Iterator[tuple[str, Node]]:
    return (
        (f"{name}: {tree.name(panel)}", panel)
        for name, board in ours.items()
        for panel in tree.plots(board)
        if panel["type"] == kind
    )


def _defaults(panel: Node) -> Node:
    return node(node(panel["fieldConfig"])["defaults"])


def _overrides(panel: Node) -> dict[str, dict[str, object]]:
    """The overrides, by the name of the field or query."""
    return {
        str(node(override["matcher"])["options"]): {
            str(each["id"]): each["value"] for each in nodes(override["properties"])
        }
        for override in nodes(node(panel["fieldConfig"])["overrides"])
    }


def test_a_table_as_legend_stands_in_wide_panels_only(ours: dict[str, Node]) -> None:
    """In a third of the page's width, the legend took two thirds of the panel."""
    narrow = [
        name
        for name, panel in _panels(ours, "timeseries")
        if node(node(panel["options"])["legend"])["displayMode"] == "table"
        and tree.number(node(panel["gridPos"])["w"]) < _HALF
    ]
    assert narrow == []


def test_an_empty_cell_has_no_threshold(ours: dict[str, Node]) -> None:
    """A service without an objective had an empty red cell, as if its budget were spent."""
    coloured = 0
    for name, panel in _panels(ours, "table"):
        for field, properties in _overrides(panel).items():
            cell = properties.get("custom.cellOptions")
            if isinstance(cell, dict) and str(cell["type"]).startswith("color-"):
                coloured += 1
                mappings = properties["mappings"]
                assert isinstance(mappings, list)
                last = node(mappings[-1]["options"])
                assert (last["match"], node(last["result"])["color"]) == ("null+nan", colours.QUIET), (name, field)
    assert coloured


def test_heads_of_columns_fit_their_width(ours: dict[str, Node]) -> None:
    """The heading "95% of the week" was read as "5% of the week"."""
    for name, panel in _panels(ours, "table"):
        sorted_by = {str(each["displayName"]) for each in nodes(node(panel["options"])["sortBy"])}
        for head, properties in _overrides(panel).items():
            width = properties.get("custom.width")
            if isinstance(width, int):
                needed = len(head) * _LETTER + _PADDING + (_ARROW if head in sorted_by else 0)
                assert width >= needed, f"{name}: {head!r} needs {needed} of {width} pixels"


def test_a_column_takes_what_the_others_leave(ours: dict[str, Node]) -> None:
    """Otherwise the right half of the page is empty."""
    for name, panel in _panels(ours, "table"):
        organise = next(each for each in nodes(panel["transformations"]) if each["id"] == "organize")
        heads = set(node(node(organise["options"])["renameByName"]).values())
        fixed = {head for head, properties in _overrides(panel).items() if "custom.width" in properties}
        assert heads - fixed, name


def test_graphs_of_what_should_not_be_say_so_in_words(ours: dict[str, Node]) -> None:
    """The words "No data" where nothing was refused look like a missing exporter."""
    empty = re.compile(r"\) > 0$|\} > 0$")
    found = 0
    for name, panel in _panels(ours, "timeseries"):
        if all(empty.search(str(target["expr"])) for target in nodes(panel["targets"])):
            found += 1
            assert _defaults(panel).get("noValue"), name
    assert found


def test_what_may_be_below_zero_is_seen_there(ours: dict[str, Node]) -> None:
    """An overspent budget fell out of its own graph."""
    left = {name: panel for name, panel in _panels(ours, "timeseries") if "Remaining " in name}
    assert len(left) == 2
    for panel in left.values():
        assert "min" not in _defaults(panel)


def test_states_carry_their_words(ours: dict[str, Node]) -> None:
    """No state relies on colour alone."""
    found = dict(_panels(ours, "state-timeline"))
    assert found
    for name, panel in found.items():
        assert node(panel["options"])["showValue"] == "auto", name


def test_a_histogram_counts_in_another_unit_than_it_measures(ours: dict[str, Node]) -> None:
    """Its colour scale went up to "1.54 minutes" of requests a second."""
    ((_, panel),) = _panels(ours, "heatmap")
    options = node(panel["options"])
    assert (node(options["cellValues"])["unit"], node(options["yAxis"])["unit"]) == ("reqps", "s")


@pytest.mark.parametrize("name", ["postgres", "redis", "elasticsearch", "minio", "slo"])
def test_all_of_some_services_are_not_all_services(ours: dict[str, Node], name: str) -> None:
    """PostgreSQL's page counted every service's alerts, and Redis' drew the plans of eleven services."""
    variable = next(each for each in tree.variables(ours[f"{name}.json"]) if each["name"] == "service")
    assert "allValue" not in variable


def test_the_only_engine_has_the_colour_of_what_is_measured(ours: dict[str, Node]) -> None:
    """By its name it may get the colour of a limit; two services are told apart by their colours."""
    memory = _defaults(boards.panel(ours["redis.json"], "Hit ratio"))
    assert node(memory["color"])["fixedColor"] == colours.USE
    topology = complete()
    two = topology.model_copy(
        update={"services": (*topology.services, a_service("sessions", kind="redis", metrics="sessions:9121"))}
    )
    board = json.loads(catalogue.files(rules.build(two))["redis.json"])
    assert node(_defaults(boards.panel(board, "Hit ratio"))["color"]) == {"mode": colours.BY_NAME}


def test_links_set_only_variables_that_are_there(ours: dict[str, Node]) -> None:
    """Grafana ignores other keys and shows something unintended."""
    variables = {board["uid"]: {str(each["name"]) for each in tree.variables(board)} for board in ours.values()}
    urls = {string for board in ours.values() for string in tree.strings(board) if string.startswith("/d/")}
    assert urls
    for url in urls:
        uid, query = url.removeprefix("/d/").split("?")
        assert set(re.findall(r"var-(\w+)=|\$\{(\w+):queryparam\}", query)), url
        asked = {one or other for one, other in re.findall(r"var-(\w+)=|\$\{(\w+):queryparam\}", query)}
        assert asked <= variables[uid], url


@pytest.mark.parametrize(
    ("legends", "color"),
    [
        (("pages a second",), {"mode": "fixed", "fixedColor": colours.USE}),
        (("{{service}}",), {"mode": colours.BY_NAME}),
        (("{{device}} {{server}}",), {"mode": colours.BY_NAME}),
        (("{{job}} {{service}}",), {"mode": colours.BY_ORDER}),
        (("in flight, {{service}}", "waiting, {{service}}"), {"mode": colours.BY_ORDER}),
    ],
)
def test_lines_of_one_panel_have_different_colours(legends: tuple[str, ...], color: Node) -> None:
    """Coloured by name, requests in flight and waiting requests had the same colour, as had four targets out of ten."""
    lines = tuple(Query("up", legend) for legend in legends)
    graph = Graph(title="x", description="Healthy: 0.", unit="s", scale=scale.none_is_good(), queries=lines)
    assert graph.defaults(complete())["color"] == color
    limited = replace(
        graph, queries=(*lines, Query("vector(1)", "{{le}}")), overrides=(field_config.plan_line(chr(65 + len(lines))),)
    )
    assert limited.defaults(complete())["color"] == color
