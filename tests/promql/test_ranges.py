"""Intervals contain every value that a calculation can have."""

from __future__ import annotations

import math
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.promql import ranges
from boxwatch.promql.parse import parse

_OPERATIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
_COMPARISONS = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_NUMBERS = st.integers(-9, 9)


@given(
    names=st.dictionaries(st.sampled_from("abc"), st.tuples(_NUMBERS, _NUMBERS).map(sorted), min_size=3),
    operations=st.tuples(st.sampled_from(sorted(_OPERATIONS)), st.sampled_from(sorted(_OPERATIONS))),
    data=st.data(),
)
def test_every_result_is_in_the_interval(
    names: dict[str, list[int]], operations: tuple[str, str], data: st.DataObject
) -> None:
    """For any values of the operands in theirs."""
    first, second = operations
    found = ranges.values(parse(f"(a {first} b) {second} -c"), lambda name: (names[name][0], names[name][1]))
    drawn = {name: data.draw(st.integers(low, high)) for name, (low, high) in names.items()}
    try:
        value = _OPERATIONS[second](_OPERATIONS[first](drawn["a"], drawn["b"]), -drawn["c"])
    except ZeroDivisionError:
        return
    assert found[0] - 1e-9 <= value <= found[1] + 1e-9


@given(left=st.tuples(_NUMBERS, _NUMBERS).map(sorted), right=st.tuples(_NUMBERS, _NUMBERS).map(sorted), data=st.data())
def test_never_and_always_are_true(left: list[int], right: list[int], data: st.DataObject) -> None:
    """Of all values in the two intervals; one that may or may not hold is neither."""
    one, other = data.draw(st.integers(*left)), data.draw(st.integers(*right))
    for sign, compare in _COMPARISONS.items():
        sides = (left[0], left[1]), (right[0], right[1])
        assert not (ranges.never(sign, *sides) and compare(one, other))
        assert not (ranges.always(sign, *sides) and not compare(one, other))


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("NaN", ranges.ANY),
        ("5", (5, 5)),
        ("-(5)", (-5, -5)),
        ("clamp(a, 2, 5)", (2, 5)),
        ("clamp_min(a, 2)", (2, math.inf)),
        ("ceil(clamp(a, 0.5, 1.5))", (1, 2)),
        ("ceil(a)", ranges.ANY),
        ("sum_over_time(clamp(a, 1, 2)[5m:1m])", (1, math.inf)),
        ("sum(-abs(a))", (-math.inf, 0)),
        ("max(sgn(a))", (-1, 1)),
        ("group(a)", (1, 1)),
        ("stddev(a)", ranges.POSITIVE),
        ("quantile(0.5, abs(a))", ranges.ANY),
        ("vector(3) or vector(4)", (3, 4)),
        ("vector(3) unless a", (3, 3)),
        ("a > bool 3", (0, 1)),
        ("time()", ranges.POSITIVE),
        ("pi()", ranges.ANY),
        ("abs(a) / abs(a)", ranges.POSITIVE),
        ("abs(a) / 4 + 1", (1, math.inf)),
        ("vector(6) / 4", (1.5, 1.5)),
        ("a ^ 2", ranges.ANY),
        ("max_over_time(abs(a)[5m:])", ranges.POSITIVE),
        ("last_over_time(a[5m])", ranges.ANY),
        ("deriv(a[5m])", ranges.ANY),
        ('"text"', ranges.ANY),
    ],
)
def test_functions_narrow_the_interval(query: str, values: ranges.Range) -> None:
    """By what Prometheus' documentation says of them."""
    assert ranges.values(parse(query), lambda _: ranges.ANY) == values
