"""What a message tells people to write is accepted: a suggestion that is refused again is worse than none."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from boxwatch.topology import alert_fields, fields, notify_fields
from boxwatch.topology.wording import Unfit

_CONVERTERS: dict[str, Callable[[object], object]] = {
    "memory": fields.memory,
    "reserve": fields.reserve,
    "limit": fields.limit,
    "disk": fields.disk,
    "duration": fields.duration,
    "grace": fields.grace,
    "horizon": fields.horizon,
    "scrape_interval": fields.scrape_interval,
    "ratio": fields.ratio,
    "objective": fields.objective,
    "latency": fields.latency,
    "threshold": alert_fields.threshold,
    "wait": alert_fields.wait,
    "zone": notify_fields.zone,
    "times": notify_fields.times,
    "name": fields.name,
    "host_port": fields.host_port,
}
# What stands in a hint as it would stand in the file: up to a word that begins something else.
_WRITE = re.compile(
    r"(?:^|, )(?:write|did you mean) (?:it as |a time such as )?(?P<said>.*?)(?:: |, as |, its |, the |\?$|$)"
)
_WORDS = re.compile(r"[A-Za-z]{3,} |HOST|NAME")


def _suggested(hint: str) -> list[object]:
    """The values that a hint tells people to write; none where it describes them."""
    found = _WRITE.search(hint)
    if found is None or _WORDS.search(found["said"].replace(" or ", "|")):
        return []
    values = re.split(r", | or ", found["said"])
    return [_plain(value.strip('`"')) for value in values if value != "a number"]


def _plain(text: str) -> object:
    """As YAML reads it."""
    return int(text) if re.fullmatch("[0-9]+", text) else text


_numbers = st.one_of(
    st.integers(-5, 2000), st.integers(-(10**20), 10**20), st.floats(allow_nan=False), st.floats(0, 200), st.booleans()
)
_texts = st.from_regex(r"\A-?[0-9]{1,6}([.,][0-9]{1,3})? ?([kmgtKMGT]i?[bB]?|s|m|h|d|ms|%|min|sec|hours)?\Z")


@pytest.mark.parametrize("name", _CONVERTERS)
@given(value=st.one_of(_numbers, _texts, st.text(max_size=8)))
@example(value=15)
@example(value=300)
@example(value=99.9)
@example(value="99.9")
@example(value=1.5)
@example(value=4)
@example(value="10GB")
@example(value="1,5g")
@example(value="1,024m")
@example(value="500g")
def test_what_is_suggested_is_accepted(name: str, value: object) -> None:
    """By the field that suggested it."""
    try:
        _CONVERTERS[name](value)
    except Unfit as error:
        for suggestion in _suggested(error.hint):
            try:
                _CONVERTERS[name](suggestion)
            except Unfit as again:
                pytest.fail(f"{name}: {value!r} {error}; but {suggestion!r} {again}")


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("ratio", 99.9, "write 99.9%"),
        ("ratio", 95, "write 95%"),
        ("ratio", "99.9", "write 99.9%"),
        ("objective", 99.9, "write 99.9%"),
        ("threshold", "10GB", "write 10000000000, its bytes"),
        ("threshold", "1 GiB", "write 1073741824, its bytes"),
        ("threshold", "much", "write a number, 85% or 14d"),
        ("scrape_interval", 30, "write 30s"),
        ("grace", 300, "write 300s"),
        ("grace", 5, "write 5s or 5m"),
        ("disk", 500, "write 500GB"),
        ("disk", 1.92, "write 1.92TB"),
        ("memory", 4, "write 4g"),
        ("memory", 512, "write 512g or 512m"),
        ("latency", 300, "write 300ms"),
        ("latency", 2, "write 2s"),
    ],
)
def test_the_suggestion_is_what_was_most_likely_meant(name: str, value: object, hint: str) -> None:
    """And not an example that says something else."""
    with pytest.raises(Unfit) as caught:
        _CONVERTERS[name](value)

    assert caught.value.hint == hint


@pytest.mark.parametrize("hint", ["write 30s or 5m", "write 1.5g", "did you mean 4g or 4m?", 'write "22:00-07:00"'])
def test_suggestions_are_found(hint: str) -> None:
    """Or the property above would hold of nothing."""
    assert _suggested(hint)
