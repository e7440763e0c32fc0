"""Queries are read as Prometheus reads them where the parser differs."""

from __future__ import annotations

import pytest

from boxwatch.promql import nodes
from boxwatch.promql.parse import parse
from boxwatch.promql.selectors import selectors


@pytest.mark.parametrize(
    ("query", "value"),
    [
        (r"up{instance=~`web\d+`}", r"web\d+"),
        ('up{instance=~`"a"\\.`}', '"a"\\.'),
        ('up{instance=~"`\\\\d`"}', r"`\d`"),
        ("up{instance=~'`a`'} # `\\d", "`a`"),
        ("up{instance=~`two\nlines`}", "two\nlines"),
    ],
)
def test_backquotes_know_no_escapes(query: str, value: str) -> None:
    """As in Go; in quotes and comments a backquote is a sign like others."""
    (selector,) = selectors(parse(query))

    assert [matcher.value for matcher in selector.matchers] == [value]
    assert selector.matchers[0].op == nodes.MatchOp.Re
