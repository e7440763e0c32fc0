"""Routes can be reached, and their times agree."""

from __future__ import annotations

import pytest
from support.alertmanager_files import said

from boxwatch.checks.alertmanager import alertmanager_routes

_ROUTE = """route:
  receiver: a
  repeat_interval: 1h
  routes:
  - matchers: [severity="critical"]
  - matchers: [severity=~"warning|info"]
    mute_time_intervals: [night]
time_intervals:
- {name: night, time_intervals: [{weekdays: [saturday], location: UTC}]}
"""


def test_routes_beside_each_other() -> None:
    """Nothing to say."""
    assert said(alertmanager_routes, _ROUTE) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("route:", "other:", [(1, "there is no route")]),
        ("  receiver: a\n", "", [(2, "the root route has no receiver")]),
        ("receiver: a\n", "receiver: a\n  match: {a: b}\n",
         [(2, "the root route has matchers, but must match everything")]),
        ('severity="critical"', "", [(6, "unreachable: the route in line 5 takes all its alerts")]),
        ('severity="critical"', 'severity=~".*"', [(6, "unreachable: the route in line 5 takes all its alerts")]),
        ('severity="critical"', 'severity=~"info|warning|critical"',
         [(6, "unreachable: the route in line 5 takes all its alerts")]),
        ("[night]", "[nigth]", [(7, "there is no time interval nigth")]),
        ("weekdays: [saturday], ", "", [(7, "night always applies, so the route never notifies")]),
        ("repeat_interval: 1h", "repeat_interval: 1m", [(3, "repeat_interval is shorter than group_interval")]),
        ("repeat_interval: 1h", "group_wait: 6m", [(2, "group_interval is shorter than group_wait")]),
        ("repeat_interval: 1h", "group_by: [..., server]", [(3, "groups by `...` and by labels")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, found: list[tuple[int, str]]) -> None:
    """One thing at a time."""
    assert said(alertmanager_routes, _ROUTE.replace(old, new)) == found


def test_a_route_that_lets_others_be_asked_hides_none() -> None:
    """`continue: true`."""
    text = _ROUTE.replace('[severity="critical"]', "[]\n    continue: true")
    assert said(alertmanager_routes, text) == []


def test_a_narrower_route_before_a_wider_one_hides_nothing() -> None:
    """Another label is another question."""
    assert said(alertmanager_routes, _ROUTE.replace('severity="critical"', 'severity="warning", team="a"')) == []


def test_what_alertmanager_refuses_is_an_error() -> None:
    """A pattern that does not parse, a time zone that does not exist, `continue` at the root."""
    text = _ROUTE.replace('severity=~"warning|info"', 'severity=~"warning|("').replace("UTC", "Europe/Atlantis")
    wrong = text.replace("receiver: a\n", "receiver: a\n  continue: true\n")

    assert [message for _, message in said(alertmanager_routes, wrong)] == [
        "the root route has `continue`",
        'the pattern of severity=~"warning|(" does not parse: missing ): warning|(',
        "there is no time zone Europe/Atlantis",
    ]


def test_patterns_of_inhibition_rules_are_read_too() -> None:
    """Of both sides."""
    text = _ROUTE + "inhibit_rules: [{source_matchers: ['a=~\"[\"'], target_match_re: {b: '*'}}]\n"

    assert len(said(alertmanager_routes, text)) == 2


@pytest.mark.parametrize("zone", ["UTC", "Local", "Europe/Berlin", '""'])
def test_time_zones_that_go_knows_are_fine(zone: str) -> None:
    """The empty one is UTC."""
    assert said(alertmanager_routes, _ROUTE.replace("location: UTC", f"location: {zone}")) == []
