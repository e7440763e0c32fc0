"""Variables get the values that a dashboard has when it is opened."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_prometheus import NOW, FakePrometheus

from boxwatch.grafana.board import Board, Variable
from boxwatch.grafana.interpolation import Selection
from boxwatch.live import selections
from boxwatch.live.selections import Opening, Range, Selected

_FAKE = FakePrometheus(
    answers={
        "up": [({"__name__": "up", "job": "b"}, 1), ({"__name__": "up", "job": "a"}, 0)],
        'up{job="a"}': [({"__name__": "up", "job": "a"}, 0)],
    },
    values={
        ("job", "up"): ["node-10", "node-9", "Alpha"],
        ("job", ""): ["x"],
        ("instance", 'up{job="Alpha"}'): ["a:1"],
        ("instance", 'up{job=~"(Alpha|node-10|node-9)"}'): ["a:1", "b:1"],
        ("__name__", ""): ["node_load1", "up"],
    },
)


def _selected(*variables: Variable, **opening: Any) -> Selected:  # noqa: ANN401 - options of any type
    board = Board("t", "now-1h", "now", variables, ())
    return selections.selected(board, _FAKE.source(), Opening(Range(NOW - 3600, NOW), {"__range": "1h"}, **opening))


def _query(query: str, **more: Any) -> Variable:  # noqa: ANN401 - fields of any type
    return Variable("v", "query", query, **more)


@pytest.mark.parametrize(
    ("variable", "values"),
    [
        (_query("label_values(up, job)", include_all=True), ("node-10", "node-9", "Alpha")),
        (_query("label_values(up, job)", include_all=True, sort=1), ("Alpha", "node-10", "node-9")),
        (_query("label_values(up, job)", include_all=True, sort=2), ("node-9", "node-10", "Alpha")),
        (_query("label_values(up, job)", include_all=True, sort=3), ("Alpha", "node-9", "node-10")),
        (_query("label_values(up, job)", include_all=True, sort=5), ("Alpha", "node-10", "node-9")),
        (_query("label_values(up, job)", include_all=True, regex="/^node-(.*)/"), ("10", "9")),
        (_query("label_values(up, job)", include_all=True, regex="/ALPHA/i"), ("Alpha",)),
        (_query("label_values(up, job)", include_all=True, regex="node"), ("node-10", "node-9")),
        (_query("label_values(up, job)", include_all=True, regex="/(?<value>Al)pha/"), ("Al",)),
        (_query("label_values(up, job)", include_all=True, regex="/(/"), ("node-10", "node-9", "Alpha")),
        (_query("label_values(job)"), ("x",)),
        (_query("metrics(load)"), ("node_load1",)),
        (_query("metrics(()"), ()),
        (_query("label_names()", include_all=True), ("__name__", "instance", "job")),
        (_query("query_result(up)", regex='/job="(.)"/', include_all=True), ("b", "a")),
        (_query('up{job="a"}'), ('up{job="a"}',)),
        (_query(""), ()),
        (Variable("v", "custom", "one,Two : 2, a\\,b", include_all=True), ("one", "2", "a,b")),
        (Variable("v", "interval", "auto,1m,5m"), ("1m",)),
        (Variable("v", "interval", "1m,5m", current=("5m",)), ("5m",)),
        (Variable("v", "constant", "fixed"), ("fixed",)),
        (Variable("v", "textbox", "old", current=("typed",)), ("typed",)),
        (Variable("v", "textbox", "old"), ("old",)),
        (Variable("v", "switch", current=("true",)), ("true",)),
        (Variable("v", "datasource", "prometheus"), ("",)),
    ],
)
def test_a_variable_has_its_values(variable: Variable, values: tuple[str, ...]) -> None:
    """Of every type, filtered and sorted as Grafana does it."""
    assert _selected(variable).selections["v"].values == values


def test_the_saved_values_are_selected() -> None:
    """Those that still exist; else the first, or All where that may be selected."""
    query = "label_values(up, job)"

    assert _selected(_query(query, current=("Alpha",))).selections["v"] == Selection(("Alpha",))
    assert _selected(_query(query, current=("gone",))).selections["v"] == Selection(("node-10",))
    assert _selected(_query(query, current=("Alpha", "gone"), multi=True)).selections["v"].values == ("Alpha",)
    every = _selected(_query(query, current=("$__all",), include_all=True, all_value=".*")).selections["v"]
    assert (every.values, every.raw) == (("node-10", "node-9", "Alpha"), ".*")
    assert _selected(_query(query, current=("$__all",))).selections["v"].values == ("node-10",)


def test_a_chained_variable_uses_the_selection_before_it() -> None:
    """Wherever it stands; a circle ends."""
    instance = Variable("i", "query", 'label_values(up{job="$v"}, instance)')
    job = _query("label_values(up, job)", current=("Alpha",))

    found = _selected(instance, job)

    assert found.asked["i"] == 'label_values(up{job="Alpha"}, instance)'
    assert found.selections["i"].values == ("a:1",)
    assert _selected(Variable("a", "query", "$b"), Variable("b", "query", "$a")).options == {"a": (), "b": ()}


def test_a_given_value_is_selected_instead() -> None:
    """And `*` selects every one."""
    variable = _query("label_values(up, job)", include_all=True, all_value=".+")

    assert _selected(variable, given={"v": ("x",)}).selections["v"].values == ("x",)
    assert len(_selected(variable, given={"v": ("*",)}).selections["v"].values) == 3


def test_a_failing_query_is_kept_as_a_problem() -> None:
    """The variable has no values."""
    fake = FakePrometheus(refused={"boom": "parse error"})
    board = Board("t", "now-1h", "now", (_query("query_result(boom)"),), ())

    found = selections.selected(board, fake.source(), Opening(Range(0, 1), {}))

    assert (found.options["v"], found.problems["v"]) == ((), "parse error")


def test_repetitions_combine_the_selected_values() -> None:
    """A row and a panel in it, each over its variable; unknown variables repeat nothing."""
    found = Selected({"a": Selection(("1", "2"), several=True), "b": Selection(("x",))})

    assert [title for title, _ in found.each(["a", "b", "unknown"])] == ["a=1, b=x", "a=2, b=x"]


def test_affected_variables_are_found_through_others() -> None:
    """Those whose queries use one directly or through another."""
    variables = (_query("x"), Variable("w", "query", "$v"), Variable("z", "query", "${w}"), Variable("o", "query", "y"))
    board = Board("t", "", "", variables, ())

    assert selections.affected(board, ["v"]) == {"v", "w", "z"}
