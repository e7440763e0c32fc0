"""Nothing is not zero: no panel has a result where its measurements are missing."""

from __future__ import annotations

import pytest
from support.topologies import complete

from boxwatch.dashboards import catalogue
from boxwatch.grafana import expressions, tree
from boxwatch.promql import nodes
from boxwatch.promql.parse import parse
from boxwatch.promql.walk import every
from boxwatch.rules import catalogue as rules
from boxwatch.rules.model import Record
from boxwatch.rules.names import PLAN_SUBJECT

_BUILT = rules.build(complete())
# Recorded from the topology alone: there while rules are evaluated, whatever is measured.
_CONSTANTS = frozenset(
    rule.record
    for subject in _BUILT.subjects
    if subject.id == PLAN_SUBJECT
    for group in subject.groups
    for rule in group.rules
    if isinstance(rule, Record)
)
# The plan itself, and names to click on.
_ABOUT_THE_PLAN = {("capacity", "Planned"), ("service", "More")}
# Cells of a table; an empty cell next to them is a dash.
_ROWS = "table"


def always(part: nodes.Expr) -> bool:
    """Whether it has a result while only the topology is recorded."""
    match part:
        case nodes.NumberLiteral():
            return True
        case nodes.VectorSelector():
            return part.name in _CONSTANTS
        case nodes.Call():
            return part.func.name == "time" or (bool(part.args) and all(map(always, part.args)))
        case nodes.BinaryExpr():
            both = always(part.lhs), always(part.rhs)
            return {"or": any(both), "unless": both[0]}.get(str(part.op), all(both))
        case nodes.AggregateExpr() | nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            return always(part.expr)
        case _:
            return False


def _queries() -> list[tuple[str, str, str]]:
    found = []
    for name, build in catalogue.DASHBOARDS:
        board = build(_BUILT)
        assert board is not None
        for panel in tree.plots(board):
            if panel["type"] != _ROWS:
                found += [
                    (name, str(panel["title"]), expressions.expand(expr, board))
                    for _, expr in expressions.of_panel(panel)
                ]
    return found


def test_no_panel_shows_the_plan_where_measurements_are_missing() -> None:
    """A threshold's line, or a budget, was all that 23 panels showed."""
    assert len(_CONSTANTS) > 20
    shown = [
        (name, title, query)
        for name, title, query in _queries()
        # Prometheus writes ALERTS while it evaluates rules, and the constants with them: no alert is a 0 indeed.
        if always(parse(query)) and "ALERTS{" not in query and (name, title) not in _ABOUT_THE_PLAN
    ]
    assert shown == []


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("service:replicas:desired", True),
        ("sum(service:replicas:desired) or up", True),
        ("service:replicas:desired and on (service) up", False),
        ("up or 0 * count(service:info:plan)", True),
        ("up or 0 * count(up)", False),
        ("time() - max(up)", False),
        ("vector(1) unless up", True),
    ],
)
def test_a_query_that_needs_no_measurement_is_recognised(query: str, *, there: bool) -> None:
    """The test above must fail for such a panel."""
    assert always(parse(query)) is there


def test_every_constant_that_a_panel_draws_is_one_of_the_plan() -> None:
    """Otherwise the first test would not see it."""
    parts = (each for _, _, query in _queries() for each in every(parse(query)))
    read = {each.name or "" for each in parts if isinstance(each, nodes.VectorSelector)}
    ends = {"plan", "desired", "threshold", "objective"}
    assert {name for name in read if name.rpartition(":")[2] in ends} <= _CONSTANTS
