"""Variables are interpolated as Grafana's Prometheus data source does it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.grafana.interpolation import Selection, builtin, fill, references, step
from boxwatch.promql import nodes
from boxwatch.promql.parse import parse

_SELECTIONS = {
    "one": Selection(("api",)),
    "dotted": Selection(("api.v1",), several=True),
    "two": Selection(("api.v1", "web"), several=True),
    "every": Selection(("a", "b"), several=True, raw=".+"),
    "none": Selection((), several=True),
    "quoted": Selection(("it's",)),
}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("$one", "api"),
        ("${one}", "api"),
        ("[[one]]", "api"),
        ("$dotted", "api\\\\.v1"),
        ("$two", "(api\\\\.v1|web)"),
        ("$every", ".+"),
        ("${every:regex}", ".+"),
        ("${every:csv}", "a,b"),
        ("$none", ""),
        ("$quoted", "it\\\\'s"),
        ("${two:regex}", "(api\\.v1|web)"),
        ("${dotted:regex}", "api\\.v1"),
        ("${two:pipe}", "api.v1|web"),
        ("${two:csv}", "api.v1,web"),
        ("[[two:raw]]", "api.v1,web"),
        ("${two:doublequote}", '"api.v1","web"'),
        ("${two:singlequote}", "'api.v1','web'"),
        ("${two:text}", "api.v1 + web"),
        ("${two:percentencode}", "api.v1%2Cweb"),
        ("${two:glob}", "{api.v1,web}"),
        ("${one:glob}", "api"),
        ("$undeclared and $1", "$undeclared and $1"),
        ("$__interval", "1m"),
    ],
)
def test_a_variable_is_replaced(text: str, filled: str) -> None:
    """By its format, the number of values, and whether it stands in a regular expression."""
    assert fill(text, _SELECTIONS, {"__interval": "1m"}) == filled


@given(st.lists(st.text("ab.*+?()[]{}|^$\\/ -", min_size=1), min_size=1, max_size=3, unique=True))
def test_selected_values_match_themselves_and_nothing_else(values: list[str]) -> None:
    """Whatever signs are in them, once Prometheus has read the string and the regular expression."""
    filled = fill('x{l=~"$v"}', {"v": Selection(tuple(values), several=True)}, {})
    tree = parse(filled)
    assert isinstance(tree, nodes.VectorSelector)
    pattern = tree.matchers.matchers[0].value

    assert all(re.fullmatch(pattern, value) for value in values)
    assert not re.fullmatch(pattern, "".join(values) + "z")


def test_a_repetition_has_one_of_the_values() -> None:
    """It is still escaped for a regular expression."""
    assert fill("$two", {"two": _SELECTIONS["two"].only("a.b")}, {}) == "a\\\\.b"


def test_references_are_listed_in_order() -> None:
    """All three ways of writing."""
    assert references("$a ${b:csv} [[c]]") == ("a", "b", "c")


@pytest.mark.parametrize(
    ("seconds", "points", "least", "interval"),
    [
        (3600, 1000, 15, 15),
        (6 * 3600, 1000, 15, 20),
        (86400, 1000, 15, 60),
        (86400 * 30, 100, 15, 21600),
        (3, 1000, 0.5, 0.5),
    ],
)
def test_the_interval_is_rounded_as_in_grafana(seconds: float, points: int, least: float, interval: float) -> None:
    """To a step that people recognise, and not below the scrape interval."""
    assert step(seconds, points, least) == interval


def test_the_rate_interval_holds_four_scrapes() -> None:
    """Or the step and one scrape, if that is longer."""
    short, long = builtin(0, 3600, 15, 30), builtin(0, 3600, 300, 30)

    assert (short["__rate_interval"], long["__rate_interval"]) == ("120s", "330s")
    assert (short["__range"], short["__range_ms"], short["__to"]) == ("3600s", "3600000", "3600000")
    assert builtin(0, 1, 0.5, 0.5)["__interval"] == "500ms"
