"""The list of checks is whole, and every check keeps what all of them promise."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType

import pytest
from support import boards

from boxwatch.checks.dashboards import catalogue
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node

MODULES: list[ModuleType] = [
    module for check in catalogue.DASHBOARD_CHECKS if (module := inspect.getmodule(check)) is not None
]


def test_the_tuple_names_every_check_on_disk_once() -> None:
    """A check that is written and not listed would never run."""
    folder = Path(str(catalogue.__file__)).parent
    on_disk = sorted(path.stem for path in folder.glob("dashboard_*.py"))
    assert sorted(module.__name__.rsplit(".", 1)[1] for module in MODULES) == on_disk


def test_every_check_has_a_test_of_its_own() -> None:
    """In which it finds something."""
    tests = {path.stem for path in Path(__file__).parent.glob("test_dashboard_*.py")}
    assert {f"test_{module.__name__.rsplit('.', 1)[1]}" for module in MODULES} == tests


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.ID)
def test_a_check_is_its_module_and_says_in_one_line_what_is_wrong(module: ModuleType) -> None:
    """The line is what users read in the list of checks."""
    assert module.__name__.endswith(f".{module.ID}")
    assert module.__doc__ is not None
    assert "\n" not in module.__doc__
    assert module.__doc__.endswith(".")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.ID)
def test_a_check_is_quiet_where_nothing_is_wrong(module: ModuleType) -> None:
    """On our dashboards, and on the smallest one."""
    for name, dashboard in boards.ours().items():
        assert list(module.check(name, dashboard)) == []
    assert list(module.check("board.json", boards.a_dashboard(boards.a_panel()))) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.ID)
@pytest.mark.parametrize(
    "content",
    [
        {},
        {"panels": "x", "templating": 5, "annotations": []},
        {"panels": [None, 1, {}, {"targets": [None, {"expr": 5}], "gridPos": []}], "templating": {"list": [{}, 3]}},
        {"panels": [{"type": 5, "fieldConfig": [], "options": [], "id": {}, "title": []}], "refresh": 5, "uid": []},
        {"panels": [{"targets": [{"datasource": "x", "refId": {}}], "repeat": {}}], "schemaVersion": "x"},
    ],
)
def test_no_check_stumbles_over_nonsense(module: ModuleType, content: Node) -> None:
    """Dashboards come from strangers."""
    list(module.check("board.json", content))


def test_expressions_are_expanded_and_have_places_that_findings_use() -> None:
    """The check of names relies on both."""
    found = list(catalogue.expressions("overview.json", boards.ours()["overview.json"]))
    assert found[0][0] == 'annotation "Deployments"'
    assert found[1][1].endswith('ALERTS{alertstate="firing", server=~"server|"} offset 1m')
    assert ('variable "server"', "server:memory_bytes:plan") in found
    assert all("$" not in promql for _, promql in found)
    panels = {tree.name(panel) for panel in tree.plots(boards.ours()["overview.json"])}
    assert panels <= {where.split(" query ")[0] for where, _ in found}
