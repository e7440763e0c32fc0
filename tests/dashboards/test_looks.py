"""Visual faults found in a real Grafana (12.4, 1920 and 1366 pixels wide) that must not return."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.topologies import complete

from boxwatch.dashboards import catalogue
from boxwatch.dashboards.panels import colours
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node, node, nodes
from boxwatch.rules import catalogue as rules
from boxwatch.rules import dashboard_uid


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


def test_a_column_takes_what_the_others_leave(ours: dict[str, Node]) -> None:
    """Otherwise the right half of the page is empty."""
    for name, panel in _panels(ours, "table"):
        organise = next(each for each in nodes(panel["transformations"]) if each["id"] == "organize")
        heads = set(node(node(organise["options"])["renameByName"]).values())
        fixed = {head for head, properties in _overrides(panel).items() if "custom.width" in properties}
        assert heads - fixed, name


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
    called = dashboard_uid.service_variable(name)
    variable = next(each for each in tree.variables(ours[f"{name}.json"]) if each["name"] == called)
    assert "allValue" not in variable
