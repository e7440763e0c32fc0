"""A rendered query parses to the tree that it was rendered from."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.checks.rules import rule_file
from boxwatch.dashboards import catalogue as dashboards
from boxwatch.grafana import expressions
from boxwatch.promql import nodes
from boxwatch.promql.parse import parse
from boxwatch.promql.render import duration, render
from boxwatch.rules import catalogue
from boxwatch.topology import default

_TRICKY = (
    'sum by (a) (rate(x{a="b",c!~"d\\"e"}[5m] offset 1m)) > bool on(a) group_left(z) (y @ 100)',
    "max_over_time((foo and bar)[1h:30s] @ end() offset -5m)",
    "-x + 3 * topk(3, y) unless on () z",
    'count_values("v", x) or quantile without (a) (0.9, y)',
    "x{a='b\"\\n'} ^ 2",
    '{__name__=~"a.*"} + {"b.c", d=""}',
    'label_replace(x, "a", "$1", "b", "(.*)")',
    "sum(x) by (a, b) / ignoring (c) group_right () y",
    "1 - 0.000000001 * Inf",
    'x{a="b" or c="d"} offset 5m',
    "rate(x[90s]) + rate(x[1500ms])",
)


def _same(text: str) -> None:
    tree = parse(text)
    assert parse(render(tree)).prettify() == tree.prettify()


@pytest.mark.parametrize("text", _TRICKY)
def test_a_rendered_query_is_the_same_query(text: str) -> None:
    """Matchers, modifiers, offsets, subqueries and escapes survive."""
    _same(text)


def test_every_query_of_ours_is_rendered_unchanged() -> None:
    """All rules and panels of the default deployment."""
    built = catalogue.build(default.load().topology)
    rules = [
        rule.expr for path, file in catalogue.rule_files(built).items() for rule in rule_file.read(path, file).rules
    ]
    panels = [
        expr for content in dashboards.files(built).values() for _, expr in expressions.expressions(json.loads(content))
    ]

    assert len(rules) > 400
    assert len(panels) > 300
    for each in (*rules, *panels):
        _same(each)


@given(st.dictionaries(st.from_regex(r"\A[a-z_]+\Z"), st.text(st.characters(exclude_categories=["Cs"])), max_size=3))
def test_any_label_value_is_escaped(labels: dict[str, str]) -> None:
    """A value may hold quotes, backslashes, line breaks and any character."""
    text = f"x{{{','.join(f'{name}={json.dumps(value, ensure_ascii=False)}' for name, value in labels.items())}}}"
    tree = parse(render(parse(text)))

    assert isinstance(tree, nodes.VectorSelector)
    assert {one.name: one.value for one in tree.matchers.matchers} == labels


def test_a_part_is_replaced() -> None:
    """What is replaced is written as it is, and its inside is not looked at."""
    tree = parse("sum(rate(x[5m])) / y")

    made = render(tree, lambda node: "(z or vector(1))" if isinstance(node, nodes.AggregateExpr) else None)

    assert made == "(z or vector(1)) / y"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0ms"), (0.5, "500ms"), (90, "90s"), (3600, "1h"), (172800, "2d")])
def test_a_duration_has_the_largest_whole_unit(seconds: float, text: str) -> None:
    """As people write them."""
    assert duration(seconds) == text
