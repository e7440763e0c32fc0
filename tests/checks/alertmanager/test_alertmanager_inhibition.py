"""Inhibition rules silence what has to do with their cause."""

from __future__ import annotations

import pytest
from support.alertmanager_files import said

from boxwatch.checks.alertmanager import alertmanager_inhibition

_RULES = """inhibit_rules:
- source_matchers: [alertname="Down", severity="critical"]
  target_matchers: [alertname=~"Slow|Failing"]
  equal: [server]
"""
_BACK = """- source_matchers: ['alertname="Slow"']
  target_matchers: ['alertname="Down"']
  equal: [server]
"""


def test_a_cause_and_its_consequences() -> None:
    """Nothing to say."""
    assert said(alertmanager_inhibition, _RULES) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (_RULES.replace("  equal: [server]\n", ""),
         [(2, "one alert inhibits unrelated alerts: there is no `equal`")]),
        (_RULES.replace("source_matchers", "other"), [(2, "every alert matches its source")]),
        (_RULES.replace('alertname=~"Slow|Failing"', 'severity="critical", alertname="Down"'),
         [(2, "its source equals its target, so it inhibits nothing")]),
        (_RULES + _BACK, [(5, "this rule and another inhibit each other, and then nobody is notified")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text: str, found: list[tuple[int, str]]) -> None:
    """One thing at a time."""
    assert said(alertmanager_inhibition, text) == found


def test_a_chain_is_no_circle() -> None:
    """What is silenced may silence a third."""
    assert said(alertmanager_inhibition, _RULES + _BACK.replace('alertname="Down"', 'alertname="Late"')) == []
