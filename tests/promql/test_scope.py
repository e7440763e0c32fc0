"""A matcher added to every selector of a query."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.queries import EXPRESSIONS

from boxwatch.promql import nodes
from boxwatch.promql.parse import parse
from boxwatch.promql.scope import with_matcher
from boxwatch.promql.selectors import selectors
from boxwatch.promql.walk import every


def _selectors(query: str) -> list[nodes.VectorSelector]:
    return [node for node in every(parse(query)) if isinstance(node, nodes.VectorSelector)]


@given(query=EXPRESSIONS)
def test_every_selector_gets_the_matcher_and_nothing_else_changes(query: str) -> None:
    """Without the matcher the text is what it was."""
    scoped = with_matcher(query, "deployment", "mvp")

    assert len(_selectors(scoped)) == len(_selectors(query))
    assert all("deployment" in one.needed for one in selectors(parse(scoped)))
    restored = scoped.replace('deployment="mvp", ', "").replace('{deployment="mvp"}', "")
    assert restored == query


@pytest.mark.parametrize(
    ("query", "scoped"),
    [
        ("up", 'up{d="m"}'),
        ("up{}", 'up{d="m"}'),
        ("up{ }", 'up{d="m"}'),
        ('up {a="}"}', 'up {d="m", a="}"}'),
        ('{__name__=~"a.+"}', '{d="m", __name__=~"a.+"}'),
        ("sum(rate(a:b[5m:30s] offset -5m)) by (up)", 'sum(rate(a:b{d="m"}[5m:30s] offset -5m)) by (up)'),
        ("sum by (up) (x) > bool 1e3", 'sum by (up) (x{d="m"}) > bool 1e3'),
        ("a / on (up) group_left (up) b", 'a{d="m"} / on (up) group_left (up) b{d="m"}'),
        ("a and ignoring(up) b unless c or d", 'a{d="m"} and ignoring(up) b{d="m"} unless c{d="m"} or d{d="m"}'),
        ("a @ start() - a @ 3.5", 'a{d="m"} @ start() - a{d="m"} @ 3.5'),
        ("vector(1) unless vector(0) or time() > Inf", "vector(1) unless vector(0) or time() > Inf"),
        ('label_replace(a, "b", "$1{c}", "d", "e")', 'label_replace(a{d="m"}, "b", "$1{c}", "d", "e")'),
        ("a # b{c}\n+ d", 'a{d="m"} # b{c}\n+ d{d="m"}'),
        ('a{b=~"$c|${d:regex}"} offset $__interval', 'a{d="m", b=~"$c|${d:regex}"} offset $__interval'),
        ("topk(${n}, a) > $from", 'topk(${n}, a{d="m"}) > $from'),
        ("sum (a) without (b)", 'sum (a{d="m"}) without (b)'),
        ("start + bool_metric", 'start{d="m"} + bool_metric{d="m"}'),
    ],
)
def test_a_query_with_a_matcher(query: str, scoped: str) -> None:
    """Functions, aggregations, keywords, label lists, strings, comments and variables stay as they are."""
    assert with_matcher(query, "d", "m") == scoped


@given(text=st.text(max_size=60))
def test_any_text_is_survived(text: str) -> None:
    """A query that does not parse is reported elsewhere."""
    assert isinstance(with_matcher(text, "d", "m"), str)
