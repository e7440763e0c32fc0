"""What a query needs to have a result, and what it only leaves out."""

from __future__ import annotations

import pytest

from boxwatch.promql.parse import parse
from boxwatch.promql.required import answers, without
from boxwatch.promql.selectors import Selector


def _lacks(selector: Selector) -> bool:
    return selector.name.startswith("gone")


@pytest.mark.parametrize(
    ("query", "answered"),
    [
        ("here", True),
        ("gone", False),
        ("here or gone", True),
        ("gone or here", True),
        ("gone or gone_too", False),
        ("here and gone", False),
        ("here unless gone", True),
        ("here unless gone unless gone_too", True),
        ("gone unless here", False),
        ("here + gone > 1", False),
        ("(here)", True),
        ("-(gone)", False),
        ("sum by (a) (rate(gone[5m]))", False),
        ("topk(scalar(gone), here)", False),
        ("topk(3, here)", True),
        ("max_over_time((here or gone)[5m:1m])", True),
        ("clamp_min(here, scalar(gone))", False),
        ("vector(1)", True),
    ],
)
def test_a_query_answers_without_what_it_does_not_need(query: str, *, answered: bool) -> None:
    """Alternatives and exceptions are not needed; operands, arguments and parameters are."""
    assert answers(parse(query), _lacks) is answered


@pytest.mark.parametrize(
    ("query", "lacking"),
    [
        ("here unless gone", ["gone"]),
        ("here unless gone unless here", []),
        ("here or gone", []),
        ("gone or gone_too", ["gone", "gone_too"]),
        ("topk(scalar(gone), here)", ["gone"]),
    ],
)
def test_required_selectors_that_are_lacking_are_listed(query: str, lacking: list[str]) -> None:
    """Of exceptions, one is enough."""
    assert [one.name for one in without(parse(query), _lacks)] == lacking
